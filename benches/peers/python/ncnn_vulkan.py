"""ncnn on Vulkan, in f32.

Its Python binding keeps what is on the GPU to itself: one input goes in and one output comes back. So a net pools one input K times, crops one value of each
and joins those, and a run's time is the slope between two values of K, less the slope of the crops alone. Images are channels to it, and channels lie
packed by four.
"""

import os
import tempfile
import time

import ncnn
import numpy as np

from protocol import Prepared, Unsupported, read, serve, window

# Poolings in the two nets, and where one takes longer than SLOW seconds.
COUNTS, COUNTS_OF_SLOW, SLOW = (2, 8), (1, 2), 0.5


def parameters(problem):
    """The parameters of a Pooling layer by their numbers."""
    if problem["wanted"] != "values" or len(problem["shape"]) != 4:
        raise Unsupported("neither indices, gradients nor three axes")
    if problem["op"] not in ("max", "average"):
        raise Unsupported(f"no {problem['op']} pooling")
    kind = {"max": 0, "average": 1}[problem["op"]]
    if problem["region"] == "global":
        return {0: kind, 4: 1}
    if problem["region"] == "adaptive":
        return {0: kind, 7: 1, 8: problem["output_shape"][3], 18: problem["output_shape"][2]}
    if not window(problem):
        raise Unsupported("no such regions")
    kernel, stride, padding = window(problem)
    return {0: kind, 1: kernel[1], 11: kernel[0], 2: stride[1], 12: stride[0], 3: padding[1], 13: padding[0], 5: 1, 6: 1}


def net(layers):
    """A net of layers (type, name, inputs, outputs, parameters)."""
    blobs = sum(len(outputs) for _, _, _, outputs, _ in layers)
    text = ["7767517", f"{len(layers)} {blobs}"]
    for kind, name, inputs, outputs, numbers in layers:
        fields = [kind, name, len(inputs), len(outputs), *inputs, *outputs, *(f"{k}={v}" for k, v in numbers.items())]
        text.append(" ".join(map(str, fields)))
    made = ncnn.Net()
    made.opt.use_vulkan_compute = True
    for name in ("fp16_storage", "fp16_packed", "fp16_arithmetic", "bf16_storage", "bf16_packed"):
        if hasattr(made.opt, f"use_{name}"):
            setattr(made.opt, f"use_{name}", False)
    with tempfile.NamedTemporaryFile("w", suffix=".param") as file:
        file.write("\n".join(text) + "\n")
        file.flush()
        made.load_param(file.name)
    made.load_model(os.devnull)
    return made


def repeated(numbers, count, pools, flat):
    """One input, `count` poolings of it, or none, each cropped to one value of sixteen channels, and those joined."""
    names = range(count)
    layers = [("Input", "in", [], ["x"], {}), ("Split", "split", ["x"], [f"s{i}" for i in names], {})]
    if pools:
        layers += [("Pooling", f"pool{i}", [f"s{i}"], [f"p{i}"], numbers) for i in names]
    crop = {0: 0, 3: 16} if flat and pools else {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 16}
    layers += [("Crop", f"crop{i}", [f"p{i}" if pools else f"s{i}"], [f"c{i}"], crop) for i in names]
    return net(layers + [("Concat", "join", [f"c{i}" for i in names], ["y"], {0: 0})])


def seconds(made, x):
    """One whole extraction, and what it gave."""
    start = time.perf_counter()
    with made.create_extractor() as extractor:
        extractor.input("x", x)
        code, y = extractor.extract("y")
        if code != 0:
            raise RuntimeError(f"extract says {code}")
        values = np.array(y)
    return time.perf_counter() - start, values


class Slopes(Prepared):
    """A problem timed by slopes."""

    def __init__(self, problem):
        numbers, (n, c, *plane) = parameters(problem), problem["shape"]
        values = read(problem["input"], (n * c, *plane))  # which must outlive the Mat that looks at it
        self.x = ncnn.Mat(values).clone()
        self.once = net([("Input", "in", [], ["x"], {}), ("Pooling", "pool", ["x"], ["y"], numbers)])
        flat = problem["region"] == "global"
        seconds(self.once, self.x)
        took, pooled = seconds(self.once, self.x)
        self.counts = COUNTS_OF_SLOW if took > SLOW else COUNTS
        self.nets = [[repeated(numbers, count, pools, flat) for count in self.counts] for pools in (True, False)]
        # The first extraction compiles.
        for made in sum(self.nets, []):
            seconds(made, self.x)
        super().__init__(None, lambda: pooled, note="slope over poolings in one net")

    def time(self, _):
        pooled, cropped = ([seconds(made, self.x)[0] for made in pair] for pair in self.nets)
        runs = self.counts[1] - self.counts[0]
        return (pooled[1] - pooled[0] - cropped[1] + cropped[0]) / runs * 1e3, runs


if ncnn.get_gpu_count() == 0:
    from protocol import say

    say("unavailable", why="ncnn finds no Vulkan device")
else:
    serve(ncnn.__version__, ncnn.get_gpu_info(0).device_name(), Slopes)
