"""PyTorch on the CPU: torch_cpu.py nchw|nhwc, the latter in memory format channels_last."""

import sys

import torch
import torch.nn.functional as F

from protocol import Prepared, Unsupported, read, serve, side, threads, window

LAST = sys.argv[1] == "nhwc"
torch.set_num_threads(threads())


def stored(path, sizes):
    """A tensor seen as N, C, … and stored in this peer's order."""
    if not LAST:
        return torch.from_numpy(read(path, sizes))
    n, c, *spatial = sizes
    return torch.from_numpy(read(path, (n, *spatial, c))).movedim(-1, 1)


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

        x, boxes = stored(problem["input"], problem["shape"]), torch.from_numpy(read(box["boxes"], (-1, 5)))
        size, scale = problem["output_shape"][2:], box["spatial_scale"]
        run = lambda: roi_align(x, boxes, size, scale, box["sampling_ratio"], box["aligned"])
        note = "torchvision"
    elif tokens := side(problem, "sequence"):
        if LAST:
            raise Unsupported("tokens have one layout: see torch")
        x = torch.from_numpy(read(problem["input"], problem["shape"]))
        mask = torch.from_numpy(read(tokens["mask"], (*problem["shape"][:2], 1), "int32")).float()
        run = lambda: (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)
        note = "product with the mask, sum, quotient"
    elif parts := window(problem):
        run = windows(problem, stored(problem["input"], problem["shape"]), *parts)
        note = "is given the indices" if (problem["op"], problem["wanted"]) == ("max", "gradient") else None
    elif problem["op"] == "average":
        x, size = stored(problem["input"], problem["shape"]), problem["output_shape"][2:]
        run = lambda: F.adaptive_avg_pool2d(x, size)
    else:
        raise Unsupported("adaptive pooling is only put here for averages")
    answer = lambda: (run().movedim(1, -1) if LAST else run()).numpy()
    return Prepared(run, answer, note=note)


with torch.inference_mode():
    serve(torch.__version__.split("+")[0], f"CPU, {threads()} threads", prepare)
