"""PyTorch: torch_peer.py cpu|cuda nchw|nhwc, the latter in memory format channels_last."""

import sys
import time

import torch
import torch.nn.functional as F

from protocol import Prepared, Unsupported, read, say, serve, side, threads, window

PLACE, LAST = sys.argv[1], sys.argv[2] == "nhwc"
torch.set_num_threads(threads())


class Recorded(Prepared):
    """Runs on CUDA, recorded once and replayed: what the device needs for them, without what Python needs to ask for each."""

    RUNS = 20

    def __init__(self, run, answer, **said):
        super().__init__(run, answer, torch.cuda.synchronize, **said)
        self.graph = None

    def record(self):
        """A graph of RUNS runs, after a few on the side that let the library choose and allocate."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.run()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(self.RUNS):
                self.run()
        graph.replay()
        self.wait()
        return graph

    def batch(self, runs):
        self.graph = self.graph or self.record()
        replays = -(-runs // self.RUNS)
        start = time.perf_counter()
        for _ in range(replays):
            self.graph.replay()
        self.wait()
        return (time.perf_counter() - start) * runs / (replays * self.RUNS)


def tensor(path, sizes, dtype="float32"):
    return torch.from_numpy(read(path, sizes, dtype)).to(PLACE)


def stored(path, sizes):
    """A tensor seen as N, C, … and stored in this peer's order."""
    if not LAST:
        return tensor(path, sizes)
    n, c, *spatial = sizes
    return tensor(path, (n, *spatial, c)).movedim(-1, 1)


def gradient(problem, x, kernel, stride, padding):
    ahead = stored(problem["ahead"], problem["output_shape"])
    if problem["op"] == "average":
        return lambda: torch.ops.aten.avg_pool2d_backward(ahead, x, kernel, stride, padding, False, True, None)
    _, indices = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
    return lambda: torch.ops.aten.max_pool2d_with_indices_backward(
        ahead, x, kernel, stride, padding, (1, 1), False, indices
    )


def windows(problem, x, kernel, stride, padding):
    op, three = problem["op"], len(kernel) == 3
    if problem["wanted"] == "gradient":
        return gradient(problem, x, kernel, stride, padding)
    if op == "max" and problem["wanted"] == "indices":
        return lambda: F.max_pool2d(x, kernel, stride, padding, return_indices=True)[0]
    if op == "max":
        pool = F.max_pool3d if three else F.max_pool2d
        return lambda: pool(x, kernel, stride, padding)
    if op == "average":
        pool = F.avg_pool3d if three else F.avg_pool2d
        return lambda: pool(x, kernel, stride, padding)
    if op == "lp2" and not any(padding):
        return lambda: F.lp_pool2d(x, 2, kernel, stride)
    raise Unsupported(f"no {op} pooling in windows")


def prepare(problem):
    note = None
    if box := side(problem, "roi_align"):
        from torchvision.ops import roi_align

        x, boxes = stored(problem["input"], problem["shape"]), tensor(box["boxes"], (-1, 5))
        size, scale = problem["output_shape"][2:], box["spatial_scale"]
        run = lambda: roi_align(x, boxes, size, scale, box["sampling_ratio"], box["aligned"])
        note = "torchvision"
    elif tokens := side(problem, "sequence"):
        if LAST:
            raise Unsupported("tokens have one layout: see torch")
        x = tensor(problem["input"], problem["shape"])
        mask = tensor(tokens["mask"], (problem["shape"][0], 1, problem["shape"][1]), "int32").float()
        run = lambda: torch.bmm(mask, x) / mask.sum(2, keepdim=True)
        note = "mask times tokens as matrices, sum of the mask, quotient"
    elif parts := window(problem):
        run = windows(problem, stored(problem["input"], problem["shape"]), *parts)
        note = "is given the indices" if (problem["op"], problem["wanted"]) == ("max", "gradient") else None
    elif problem["op"] == "average":
        x, size = stored(problem["input"], problem["shape"]), problem["output_shape"][2:]
        run = lambda: F.adaptive_avg_pool2d(x, size)
    else:
        raise Unsupported("adaptive pooling is only put here for averages")
    answer = lambda: (run().movedim(1, -1) if LAST else run()).cpu().numpy()
    return (Recorded if PLACE == "cuda" else Prepared)(run, answer, note=note)


if PLACE == "cuda" and not torch.cuda.is_available():
    say("unavailable", why="PyTorch finds no CUDA device")
    sys.exit()
device = torch.cuda.get_device_name() if PLACE == "cuda" else f"CPU, {threads()} threads"
with torch.inference_mode():
    serve(torch.__version__.split("+")[0], device, prepare)
