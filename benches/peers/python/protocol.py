"""The lines between the driver and a peer (protocol/src/lib.rs says them in full), and the tensors' files.

A peer calls serve() with a function that turns a problem into a Prepared, or raises Unsupported.
"""

import json
import math
import os
import sys
import time

import numpy as np

# Libraries write to standard output as they like: answers go through a descriptor of their own, and theirs to the log.
_ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
MOST_RUNS = 10_000


class Unsupported(Exception):
    """The library has no such pooling; the message says what is missing."""


class Prepared:
    """A problem that is ready: `run` once, `wait` for all that was run, and the whole `answer` as an array."""

    def __init__(self, run, answer, wait=lambda: None, note=None, differs=None):
        self.run, self.answer, self.wait, self.note, self.differs = run, answer, wait, note, differs

    def batch(self, runs):
        """Seconds that this many runs take, with one wait at their end."""
        start = time.perf_counter()
        for _ in range(runs):
            self.run()
        self.wait()
        return time.perf_counter() - start

    def time(self, seconds):
        """Milliseconds a run, and runs in the batch, which takes about as long as told, or one run where that takes longer."""
        once = self.batch(1)
        runs = min(math.ceil(seconds / once), MOST_RUNS)
        return (once if runs == 1 else self.batch(runs)) * 1e3 / runs, runs


def say(kind, **fields):
    print(json.dumps({kind: fields}), file=_ANSWERS, flush=True)


def read(path, sizes, dtype=np.float32):
    return np.fromfile(path, dtype).reshape(sizes)


def write(path, values):
    np.ascontiguousarray(values, np.float32).tofile(path)


def window(problem):
    """Kernel, stride and padding of a window, or None."""
    region = problem["region"]
    if not isinstance(region, dict) or "window" not in region:
        return None
    return tuple(tuple(region["window"][name]) for name in ("kernel", "stride", "padding"))


def side(problem, name):
    """What a region of this name has beside the input, or None."""
    region = problem["region"]
    return region.get(name) if isinstance(region, dict) else None


def threads():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def serve(version, device, prepare):
    say("hello", version=version, device=device)
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                prepared = None
                prepared = prepare(request["prepare"])
                write(request["prepare"]["answer"], prepared.answer())
                say("ready", note=prepared.note, differs=prepared.differs)
            else:
                ms, runs = prepared.time(request["time"]["seconds"])
                say("timed", ms=ms, runs=runs)
        except Unsupported as why:
            say("unsupported", why=str(why))
        except Exception as why:  # a library may raise anything, and the next problem is another matter
            say("failed", why=" ".join(f"{type(why).__name__}: {why}".split())[:300])
