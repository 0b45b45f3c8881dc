// Package paper holds the figures that the DCPO paper (arXiv 2603.09117) prints in Table 1, to be set beside one's own.
//
// Its PCE lies above its ECE in 23 of the 50 cells of benchmarks, which the formula of the released code cannot give: it was computed
// otherwise, and is no target.
package paper

import (
	"slices"
	"strings"
)

// Cell is what the table tells of a method on a benchmark. All are fractions, but for Accuracy, which is in percent.
type Cell struct{ Accuracy, ECE, PCE, AUROC float64 }

// Row is a method of the table.
type Row struct {
	Method string
	// Confidence is "verbal" or "logits"; "" for ConfClass, whose confidence is a classifier's.
	Confidence string
	// Cells are those of Columns, in their order; the last is the printed overall figure.
	Cells [6]Cell
}

// Columns are the table's, by the names of the released evaluation.
var Columns = [6]string{"MATH-500", "AIME24", "AIME25", "AMC23", "AMC24", "Overall"}

// titles are the table's names of registered benchmarks.
var titles = map[string]string{"math500": "MATH-500", "aime24": "AIME24", "aime25": "AIME25", "amc23": "AMC23", "amc24": "AMC24", "amc24_partial": "AMC24 (36 of 45)"}

// Title is what the paper calls a registered benchmark; the name itself for one that it does not have. Of a benchmark that is at hand
// in part only, the title says so.
func Title(benchmark string) string {
	if title, ok := titles[benchmark]; ok {
		return title
	}
	return benchmark
}

// Column is the place in Columns of a benchmark with that title, whole or in part; −1 for one that the paper does not have.
func Column(title string) int {
	name, _, _ := strings.Cut(title, " (")
	return slices.Index(Columns[:], name)
}

// Table is Table 1 as printed.
func Table() []Row {
	return []Row{
		{"Base", "logits", [6]Cell{{84.7, .075, .078, .743}, {27.5, .461, .431, .750}, {20.0, .486, .483, .796}, {63.2, .204, .255, .832}, {49.4, .329, .315, .759}, {49.0, .311, .312, .796}}},
		{"Base", "verbal", [6]Cell{{82.8, .115, .114, .566}, {25.8, .534, .550, .674}, {18.3, .665, .624, .612}, {61.8, .370, .344, .567}, {43.3, .492, .498, .627}, {46.4, .435, .426, .609}}},
		{"GRPO", "logits", [6]Cell{{90.4, .054, .104, .726}, {42.5, .370, .505, .736}, {29.2, .469, .556, .742}, {76.1, .160, .277, .850}, {63.9, .264, .370, .693}, {60.4, .248, .362, .749}}},
		{"GRPO", "verbal", [6]Cell{{88.0, .105, .104, .475}, {40.0, .515, .510, .556}, {28.3, .593, .593, .568}, {72.0, .277, .259, .519}, {58.9, .370, .350, .544}, {57.4, .372, .363, .532}}},
		{"ConfClass", "", [6]Cell{{90.4, .102, .079, .524}, {42.5, .363, .297, .642}, {29.2, .401, .352, .523}, {76.1, .196, .154, .623}, {63.9, .293, .226, .565}, {60.4, .271, .222, .575}}},
		{"RLCR", "verbal", [6]Cell{{90.2, .051, .047, .782}, {32.8, .224, .214, .823}, {24.1, .134, .138, .621}, {75.0, .143, .105, .736}, {60.5, .132, .142, .807}, {56.5, .139, .128, .753}}},
		{"CCGPSG", "logits", [6]Cell{{88.6, .057, .082, .853}, {38.3, .337, .360, .833}, {27.5, .457, .459, .794}, {71.1, .118, .210, .825}, {62.3, .187, .305, .772}, {57.6, .230, .283, .815}}},
		{"DCPO", "verbal", [6]Cell{{90.2, .049, .033, .861}, {41.6, .188, .212, .914}, {28.3, .130, .133, .951}, {75.6, .092, .089, .849}, {65.0, .191, .194, .832}, {60.8, .128, .126, .881}}},
		{"DCPO-G", "verbal", [6]Cell{{90.8, .038, .029, .874}, {41.6, .330, .307, .852}, {30.0, .433, .418, .836}, {76.4, .073, .075, .847}, {63.4, .186, .237, .822}, {60.5, .209, .229, .846}}},
		{"DCPO-I", "verbal", [6]Cell{{89.7, .068, .037, .864}, {40.0, .170, .178, .831}, {28.3, .141, .146, .723}, {71.9, .134, .116, .828}, {64.7, .140, .133, .847}, {58.7, .138, .122, .819}}},
	}
}
