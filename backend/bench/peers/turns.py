"""A peer's side of the benchmark: one line in asks for a number of steps, one line out tells how long each took."""

import json
import os
import platform
import resource
import sys
import time
from importlib.metadata import version


def spec():
    """The case to run, from the first argument. See spec.go."""
    return json.loads(sys.argv[1])


def tokens(count, vocab):
    """The ids that every side works on."""
    return [((i * 2654435761) % 2**32 >> 8) % vocab for i in range(count)]


def take(step, *packages):
    """Runs step() when asked to. step returns the number that tells whether all sides do the same work."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    start = time.perf_counter()
    step()
    say({"first_s": time.perf_counter() - start, "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}}})
    for line in sys.stdin:
        seconds, cpu, check = [], [], 0.0
        for _ in range(int(line)):
            cpu_start, start = time.process_time(), time.perf_counter()
            check = step()
            seconds.append(time.perf_counter() - start)
            cpu.append(time.process_time() - cpu_start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if sys.platform != "darwin":
            peak *= 1024
        say({"seconds": seconds, "cpu_seconds": cpu, "check": check, "peak_bytes": peak})
