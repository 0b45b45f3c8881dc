"""Measures kernels through jupyter_client: prints one JSON object per kernel name given, times in milliseconds."""
import json
import statistics
import sys
import time

from jupyter_client.manager import start_new_kernel

CELLS = {"python3": "1 + 1"}


def measure(name, runs):
    begun = time.perf_counter()
    manager, client = start_new_kernel(kernel_name=name, startup_timeout=120)
    boot = time.perf_counter() - begun
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        reply = client.execute_interactive(CELLS.get(name, "1 + 1"), output_hook=lambda message: None, timeout=60)
        times.append((time.perf_counter() - begun) * 1000)
        assert reply["content"]["status"] == "ok", reply["content"]
    begun = time.perf_counter()
    client.stop_channels()
    manager.shutdown_kernel()
    times.sort()
    return {
        "kernel": name,
        "runs": runs,
        "boot_ms": round(boot * 1000),
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * runs)], 2),
        "shutdown_ms": round((time.perf_counter() - begun) * 1000),
    }


for name in sys.argv[2:]:
    print(json.dumps(measure(name, int(sys.argv[1]))), flush=True)
