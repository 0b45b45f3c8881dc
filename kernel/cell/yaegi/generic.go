package yaegi

import (
	"cmp"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// genericSymbols are the generic functions declared in package reflected, by
// reflection. Lowered code calls them and asserts the type of what they return.
func genericSymbols() map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for name, f := range map[string]any{
		"CmpCompare": compare, "CmpLess": func(x, y any) bool { return compare(x, y) < 0 },
		"SlicesAll": slicesAll, "SlicesValues": slicesValues, "SlicesBinarySearch": binarySearch, "SlicesClone": slicesClone,
		"SlicesCollect": collect, "SlicesSorted": func(seq any) any { s := collect(seq); sortSlice(s); return s },
		"SlicesContains":     func(s, v any) bool { return index(s, v) >= 0 },
		"SlicesContainsFunc": func(s, f any) bool { return indexFunc(s, f) >= 0 },
		"SlicesEqual":        equal, "SlicesIndex": index, "SlicesIndexFunc": indexFunc,
		"SlicesMax":     func(s any) any { return extreme(s, 1) },
		"SlicesMin":     func(s any) any { return extreme(s, -1) },
		"SlicesReverse": reverse, "SlicesSort": sortSlice, "SlicesSortFunc": sortFunc, "SlicesSortStableFunc": sortFunc,
		"MapsAll": mapsAll, "MapsClone": mapsClone, "MapsCopy": mapsCopy, "MapsDeleteFunc": deleteFunc,
		"MapsKeys":   func(m any) any { return mapsSeq(m, true) },
		"MapsValues": func(m any) any { return mapsSeq(m, false) },
	} {
		out[name] = reflect.ValueOf(f)
	}
	return out
}

// compare orders two values of one ordered type.
func compare(x, y any) int { return compareValues(reflect.ValueOf(x), reflect.ValueOf(y)) }

func compareValues(x, y reflect.Value) int {
	switch {
	case x.CanInt():
		return cmp.Compare(x.Int(), y.Int())
	case x.CanUint():
		return cmp.Compare(x.Uint(), y.Uint())
	case x.CanFloat():
		return cmp.Compare(x.Float(), y.Float())
	case x.Kind() == reflect.String:
		return strings.Compare(x.String(), y.String())
	}
	panic(fmt.Sprintf("values of type %s have no order", x.Type()))
}

func sortSlice(s any) {
	v := reflect.ValueOf(s)
	sort.SliceStable(s, func(i, j int) bool { return compareValues(v.Index(i), v.Index(j)) < 0 })
}

func sortFunc(s, f any) {
	v, call := reflect.ValueOf(s), reflect.ValueOf(f)
	sort.SliceStable(s, func(i, j int) bool { return call.Call([]reflect.Value{v.Index(i), v.Index(j)})[0].Int() < 0 })
}

func binarySearch(s, target any) (int, bool) {
	v, t := reflect.ValueOf(s), reflect.ValueOf(target)
	i := sort.Search(v.Len(), func(i int) bool { return compareValues(v.Index(i), t) >= 0 })
	return i, i < v.Len() && compareValues(v.Index(i), t) == 0
}

func index(s, v any) int {
	list := reflect.ValueOf(s)
	for i := range list.Len() {
		if list.Index(i).Interface() == v {
			return i
		}
	}
	return -1
}

func indexFunc(s, f any) int {
	list, call := reflect.ValueOf(s), reflect.ValueOf(f)
	for i := range list.Len() {
		if call.Call([]reflect.Value{list.Index(i)})[0].Bool() {
			return i
		}
	}
	return -1
}

func equal(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Len() != y.Len() {
		return false
	}
	for i := range x.Len() {
		if x.Index(i).Interface() != y.Index(i).Interface() {
			return false
		}
	}
	return true
}

func extreme(s any, sign int) any {
	v := reflect.ValueOf(s)
	if v.Len() == 0 {
		panic("slices.Min or Max: empty list")
	}
	best := v.Index(0)
	for i := range v.Len() {
		x := v.Index(i)
		if x.CanFloat() && x.Float() != x.Float() {
			return x.Interface() // NaN wins, as in Go
		}
		if compareValues(x, best)*sign > 0 {
			best = x
		}
	}
	return best.Interface()
}

func reverse(s any) {
	swap, n := reflect.Swapper(s), reflect.ValueOf(s).Len()
	for i := range n / 2 {
		swap(i, n-1-i)
	}
}

func slicesClone(s any) any {
	v := reflect.ValueOf(s)
	if v.IsNil() {
		return s
	}
	return reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v).Interface()
}

// seqOf makes an iterator of the given element types; each calls yield with the
// values of one round.
func seqOf(elems []reflect.Type, each func(yield func(args ...reflect.Value) bool)) any {
	yieldType := reflect.FuncOf(elems, []reflect.Type{reflect.TypeFor[bool]()}, false)
	seqType := reflect.FuncOf([]reflect.Type{yieldType}, nil, false)
	return reflect.MakeFunc(seqType, func(args []reflect.Value) []reflect.Value {
		each(func(values ...reflect.Value) bool { return args[0].Call(values)[0].Bool() })
		return nil
	}).Interface()
}

func slicesAll(s any) any {
	v := reflect.ValueOf(s)
	return seqOf([]reflect.Type{reflect.TypeFor[int](), v.Type().Elem()}, func(yield func(...reflect.Value) bool) {
		for i := 0; i < v.Len() && yield(reflect.ValueOf(i), v.Index(i)); i++ {
		}
	})
}

func slicesValues(s any) any {
	v := reflect.ValueOf(s)
	return seqOf([]reflect.Type{v.Type().Elem()}, func(yield func(...reflect.Value) bool) {
		for i := 0; i < v.Len() && yield(v.Index(i)); i++ {
		}
	})
}

// collect gathers what an iterator yields. Like slices.Collect it returns a nil
// slice for none.
func collect(seq any) any {
	f := reflect.ValueOf(seq)
	yieldType := f.Type().In(0)
	out := reflect.Zero(reflect.SliceOf(yieldType.In(0)))
	f.Call([]reflect.Value{reflect.MakeFunc(yieldType, func(args []reflect.Value) []reflect.Value {
		out = reflect.Append(out, args[0])
		return []reflect.Value{reflect.ValueOf(true)}
	})})
	return out.Interface()
}

func mapsSeq(m any, keys bool) any {
	v := reflect.ValueOf(m)
	elem := v.Type().Elem()
	if keys {
		elem = v.Type().Key()
	}
	return seqOf([]reflect.Type{elem}, func(yield func(...reflect.Value) bool) {
		for it := v.MapRange(); it.Next(); {
			x := it.Value()
			if keys {
				x = it.Key()
			}
			if !yield(x) {
				return
			}
		}
	})
}

func mapsAll(m any) any {
	v := reflect.ValueOf(m)
	return seqOf([]reflect.Type{v.Type().Key(), v.Type().Elem()}, func(yield func(...reflect.Value) bool) {
		for it := v.MapRange(); it.Next() && yield(it.Key(), it.Value()); {
		}
	})
}

func mapsClone(m any) any {
	v := reflect.ValueOf(m)
	if v.IsNil() {
		return m
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	mapsCopy(out.Interface(), m)
	return out.Interface()
}

func mapsCopy(dst, src any) {
	to := reflect.ValueOf(dst)
	for it := reflect.ValueOf(src).MapRange(); it.Next(); {
		to.SetMapIndex(it.Key(), it.Value())
	}
}

func deleteFunc(m, f any) {
	v, call := reflect.ValueOf(m), reflect.ValueOf(f)
	for _, key := range v.MapKeys() {
		if call.Call([]reflect.Value{key, v.MapIndex(key)})[0].Bool() {
			v.SetMapIndex(key, reflect.Value{})
		}
	}
}
