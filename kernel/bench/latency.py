"""Measures Jupyter kernels side by side: cells go out in turn, so that what else the machine does touches all of them alike.

Usage: latency.py RUNS KERNEL [KERNEL ...], where a kernel is godcpo, python3 (ipykernel) or gonb, as installed in Jupyter.
Prints one JSON object a kernel and cell; times in milliseconds, from the request to idle and reply.
"""
import json
import statistics
import sys
import time

from jupyter_client.manager import KernelManager

GO_PLOT = """p := plot.New()
line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 4}})
check(err)
p.Add(line)
p"""
# What a cell is in each kernel. %d makes a cell another one each time, where a kernel keeps what it has compiled.
CELLS = {
    "godcpo": {
        "setup": 'import ("gonum.org/v1/plot"; "gonum.org/v1/plot/plotter")',
        "trivial": "1 + 1",
        "plot": GO_PLOT,
        "compiled": "%%%%go\ntype T%d struct{ a int }\nfmt.Println(T%d{1})",
        "compiled with dcpo": "%%%%go\nr%d := dcpo.DefaultConfig()\nfmt.Println(r%d.Train.Steps)",
    },
    "python3": {
        "setup": "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "trivial": "1 + 1",
        "plot": "plt.plot([0, 1, 2], [0, 1, 4]); plt.show()",
    },
    "gonb": {
        "setup": "%%\nfmt.Println(1)",
        "trivial": "%%\nfmt.Println(1 + 1)",
    },
}


def start(name):
    """Starts a kernel and gives its manager, its client and the milliseconds until it answered for the first time."""
    begun = time.perf_counter()
    manager = KernelManager(kernel_name=name)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.kernel_info()
    client.get_shell_msg(timeout=120)
    took = (time.perf_counter() - begun) * 1000
    client.wait_for_ready(timeout=120)
    return manager, client, took


def execute(client, code):
    failures = []

    def hook(message):
        if message["msg_type"] == "error":
            failures.append(message["content"]["evalue"])

    begun = time.perf_counter()
    reply = client.execute_interactive(code, output_hook=hook, timeout=300)
    took = (time.perf_counter() - begun) * 1000
    assert reply["content"]["status"] == "ok" and not failures, (code, reply["content"], failures)
    return took


def main(runs, names):
    kernels, boots, salt = {}, {}, time.time_ns() // 1000 % 10**9 * 1000
    for name in names:
        *kernels[name], boots[name] = start(name)
        execute(kernels[name][1], CELLS[name]["setup"])
    times = {(name, cell): [] for name in names for cell in CELLS[name] if cell != "setup"}
    for run in range(runs):
        for name, cell in times:
            if cell.startswith("compiled") and run >= max(5, runs // 10):
                continue
            code = CELLS[name][cell]
            fresh = salt + run  # nobody has compiled this one
            times[name, cell].append(execute(kernels[name][1], code % (fresh, fresh) if "%d" in code else code))
    for (name, cell), taken in times.items():
        warm = sorted(taken[1:] if len(taken) > 1 else taken)  # the first one loads things
        print(json.dumps({"kernel": name, "cell": cell, "runs": len(warm), "first_ms": round(taken[0], 2), "median_ms": round(statistics.median(warm), 2),
                          "p95_ms": round(warm[int(0.95 * len(warm))], 2), "first_answer_ms": round(boots[name])}), flush=True)
    for manager, client in kernels.values():
        client.stop_channels()
        manager.shutdown_kernel()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
