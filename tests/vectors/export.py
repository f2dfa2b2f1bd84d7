"""Writes PyTorch's answers beside this file, one JSON a family, for tests/suite/peers.rs to compare the kernels with.

    python3.11 -m venv venv && venv/bin/pip install torch torchvision numpy && venv/bin/python tests/vectors/export.py

The committed files were written with the versions that each of them names. The same versions write the same bytes.

A file is {"family", "versions", "inputs": {name: {"shape", "bits"}}, "cases": […]}, and a case
{"name", "spec", "input": a name, "output_shape", "output": bits, "indices"?, "tolerance"}, and beside the input "boxes", "weights",
"labels" or "mask". Bits are those of f32s, as integers.
A tolerance is "exact" (the same number) or {"taps", "scale"}: 10 eps (1 + log2 taps) times scale. Ops that choose are computed
in f32, the others in f64 and rounded once. Where torch has a pooling, it is called; where it has only the statistic, it is
applied to the taps that Tensor.unfold, a view or a slice gathers.

What differs from torch by design is left out: lp of negative values (torch takes no absolute value), lp in ceil_mode (torch
scales the last window as if it were whole), the index where 0 and -0 tie (here -0 < 0), cls of left-padded sentences
(sentence-transformers takes a token that the mask leaves out) and sentences without tokens (its maximum is -1e9 there).
"""

import itertools
import json
import math
import pathlib
import platform

import torch
import torch.nn.functional as F
import torchvision

HERE = pathlib.Path(__file__).parent
VERSIONS = {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}
VERSIONS_OF_BOXES = {**VERSIONS, "torchvision": torchvision.__version__.split("+")[0]}
EXACT = {"max", "min", "first", "last", "median", "rank"}
torch.manual_seed(20)
torch.set_num_threads(1)


def inputs():
    """Small, of prime sizes. Reals; not negative; with ties; with NaN and infinities."""
    shapes = {1: (2, 3, 17), 2: (1, 3, 11, 7), 3: (1, 2, 5, 7, 3)}
    made = {}
    for axes, shape in shapes.items():
        reals = torch.randn(shape) * 3
        made[f"reals{axes}"] = reals
        made[f"positive{axes}"] = reals.abs() + 0.01
        made[f"ties{axes}"] = torch.randint(-3, 4, shape).float()
        specials = torch.randint(-3, 4, shape).float()
        flat = specials.view(-1)
        for at, value in zip(torch.randperm(flat.numel())[:9].tolist(), [math.nan, math.inf, -math.inf] * 3):
            flat[at] = value
        specials[0, 0].fill_(-math.inf)
        made[f"specials{axes}"] = specials
    made["channels1"] = torch.randn(2, 11, 3) * 2
    made["channels2"] = torch.randn(2, 6, 5, 3) * 2
    made["channels3"] = torch.randn(1, 12, 2, 3, 2) * 2
    made["images"] = torch.randn(2, 2, 9, 13) * 3
    made["sensitive"] = torch.randn(2, 6, 9, 13) * 3
    made["tokens"] = torch.randn(4, 7, 5) * 3
    return made


INPUTS = inputs()
FAMILIES = {}


def bits(tensor):
    return [word & 0xFFFFFFFF for word in tensor.detach().float().contiguous().view(torch.int32).flatten().tolist()]


def name_of(op):
    return op if isinstance(op, str) else next(iter(op))


def magnitude(op, x, taps):
    """How large the numbers were that the op folded."""
    finite = x[torch.isfinite(x)].abs()
    largest = finite.max().item() if finite.numel() else 0.0
    kind, fields = name_of(op), {} if isinstance(op, str) else next(iter(op.values()))
    if kind == "sum":
        return largest * taps
    if kind == "average" and fields.get("divisor_override"):
        return largest * taps / abs(fields["divisor_override"])
    if kind == "lp":
        return largest * taps ** (1 / fields["p"])
    if kind == "variance":
        return largest * largest
    if kind == "weighted" and fields.get("normalize") is False:
        return largest * taps
    if kind == "log_sum_exp":
        return largest + 1 / fields["r"]
    return largest


def case(family, label, op, region, source, output, taps, indices=None, activation=None, **beside):
    x = INPUTS[source]
    one = {"name": label, "spec": {"op": op, "region": region}, "input": source}
    if activation:
        one["spec"]["activation"] = activation
    one["output_shape"] = list(output.shape)
    one["output"] = bits(output)
    if indices is not None:
        one["indices"] = indices.flatten().tolist()
    one.update(beside)
    exact = name_of(op) in EXACT and activation not in ("sigmoid", "tanh")
    one["tolerance"] = "exact" if exact else {"taps": taps, "scale": float(f"{magnitude(op, x, taps):.4g}")}
    FAMILIES.setdefault(family, []).append(one)


def window(kernel, stride=None, padding=None, dilation=None, ceil_mode=False):
    spec = {"kernel_size": list(kernel)}
    for key, value in (("stride", stride), ("padding", padding), ("dilation", dilation)):
        if value is not None:
            spec[key] = list(value)
    if ceil_mode:
        spec["ceil_mode"] = True
    return spec


# kernel, stride, padding, dilation, ceil_mode
WINDOWS = {
    1: [
        ((3,), None, None, None, False),
        ((3,), (2,), (1,), None, False),
        ((5,), (3,), (2,), None, True),
        ((2,), (1,), None, (4,), False),
        ((3,), (2,), (1,), (3,), True),
    ],
    2: [
        ((2, 2), None, None, None, False),
        ((3, 3), (2, 2), (1, 1), None, False),
        ((3, 2), (2, 3), (1, 0), None, True),
        ((3, 2), (1, 2), None, (2, 3), False),
        ((3, 3), (2, 1), (1, 1), (3, 2), True),
        ((5, 3), (3, 2), (2, 1), None, True),
    ],
    3: [
        ((2, 2, 2), None, None, None, False),
        ((3, 3, 2), (2, 2, 1), (1, 1, 0), None, False),
        ((2, 3, 2), (2, 3, 2), (1, 1, 1), None, True),
        ((2, 3, 2), (1, 2, 1), None, (2, 2, 1), False),
    ],
}
ADAPTIVE = {1: [(1,), (5,), (17,), (7,)], 2: [(3, 2), (7, 5), (11, 7), (2, 7)], 3: [(2, 3, 2), (1, 4, 3), (5, 2, 1)]}


def described(spec):
    return " ".join(f"{key}={value}" for key, value in spec.items())


def max_windows():
    pools = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
    for axes, kind in itertools.product((1, 2, 3), ("reals", "ties", "specials")):
        for kernel, stride, padding, dilation, ceil in WINDOWS[axes]:
            x = INPUTS[f"{kind}{axes}"]
            y, indices = pools[axes](
                x, kernel, stride, padding or 0, dilation or 1, ceil_mode=ceil, return_indices=True
            )
            spec = window(kernel, stride, padding, dilation, ceil)
            case("max", f"max_pool{axes}d {kind} {described(spec)}", "max", {"window": spec}, f"{kind}{axes}", y, 1, indices)


def average_windows():
    pools = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
    for axes in (1, 2, 3):
        for kernel, stride, padding, dilation, ceil in WINDOWS[axes]:
            if dilation:
                continue
            for include, divisor in ((True, None), (False, None), (True, 7), (True, -3)):
                # torch has no divisor_override on one axis.
                if axes == 1 and divisor or divisor == -3 and not padding:
                    continue
                extra = {"divisor_override": divisor} if divisor else {}
                x = INPUTS[f"reals{axes}"].double()
                y = pools[axes](x, kernel, stride, padding or 0, ceil, include, **extra)
                spec = window(kernel, stride, padding, None, ceil)
                op = {"average": {"count_include_pad": include, **extra}}
                label = f"avg_pool{axes}d {described(op['average'])} {described(spec)}"
                case("average", label, op, {"window": spec}, f"reals{axes}", y, math.prod(kernel))
    for kind in ("specials",):
        y = F.avg_pool2d(INPUTS["specials2"].double(), (2, 2))
        case("average", "avg_pool2d specials", "average", {"window": window((2, 2))}, "specials2", y, 4)


def lp_windows():
    pools = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}
    for axes, p in itertools.product((1, 2, 3), (1, 2, 3)):
        for kernel, stride, padding, dilation, ceil in WINDOWS[axes]:
            if padding or dilation or ceil:
                continue
            for step in (stride, tuple(1 + at for at in range(axes))):
                x = INPUTS[f"positive{axes}"].double()
                size = kernel[0] if axes == 1 else kernel
                y = pools[axes](x, float(p), size, step)
                spec = window(kernel, step)
                label = f"lp_pool{axes}d p={p} {described(spec)}"
                case("lp", label, {"lp": {"p": p}}, {"window": spec}, f"positive{axes}", y, math.prod(kernel))


def adaptive():
    averages = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
    maxima = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
    for axes in (1, 2, 3):
        for size in ADAPTIVE[axes]:
            region = {"adaptive": {"output_size": list(size)}}
            out = size[0] if axes == 1 else size
            x = INPUTS[f"reals{axes}"]
            taps = math.prod(x.shape[2:])
            case("adaptive", f"adaptive_avg_pool{axes}d {size}", "average", region, f"reals{axes}", averages[axes](x.double(), out), taps)
            for kind in ("reals", "ties", "specials"):
                y, indices = maxima[axes](INPUTS[f"{kind}{axes}"], out, return_indices=True)
                case("adaptive", f"adaptive_max_pool{axes}d {kind} {size}", "max", region, f"{kind}{axes}", y, 1, indices)


def place(q, n):
    """floor(q (n - 1)), q being a dyadic fraction, so that no rounding decides."""
    return math.floor(q * (n - 1))


# op → its statistic of the last axis, w; `there` says which taps exist. Each calls torch's own reduction where all taps do.
def without_padding(op):
    fields = {} if isinstance(op, str) else next(iter(op.values()))
    statistics = {
        "max": lambda w: w.amax(-1),
        "min": lambda w: w.amin(-1),
        "sum": lambda w: w.double().sum(-1),
        "average": lambda w: w.double().mean(-1),
        "lp": lambda w: torch.linalg.vector_norm(w.double(), fields.get("p"), -1),
        "std": lambda w: w.double().std(-1, unbiased=False),
        "variance": lambda w: w.double().var(-1, unbiased=False),
        "log_sum_exp": lambda w: (torch.logsumexp(w.double() * fields["r"], -1) - math.log(w.shape[-1])) / fields["r"],
        "soft": lambda w: (w.double() * torch.softmax(w.double() * fields["beta"], -1)).sum(-1),
        "gem": lambda w: w.double().clamp(min=1e-6).pow(fields["p"]).mean(-1).pow(1 / fields["p"]),
        "first": lambda w: w[..., 0],
        "last": lambda w: w[..., -1],
        "median": lambda w: w.median(-1).values,
        "rank": lambda w: w.kthvalue(place(fields["q"], w.shape[-1]) + 1, -1).values,
    }
    return statistics[name_of(op)]


def with_padding(op):
    """The same where NaN marks the taps that padding adds."""
    fields = {} if isinstance(op, str) else next(iter(op.values()))

    def filled(w, value):
        return torch.where(w.isnan(), value, w)

    def count(w):
        return (~w.isnan()).sum(-1)

    def variance(w):
        w = w.double()
        return (w - w.nanmean(-1, keepdim=True)).square().nanmean(-1)

    def soft(w):
        w = w.double()
        return (filled(w, 0.0) * torch.softmax(filled(w * fields["beta"], -math.inf), -1)).sum(-1)

    statistics = {
        "min": lambda w: filled(w, math.inf).amin(-1),
        "sum": lambda w: w.double().nansum(-1),
        "std": lambda w: variance(w).sqrt(),
        "variance": variance,
        "log_sum_exp": lambda w: (torch.logsumexp(filled(w.double() * fields["r"], -math.inf), -1) - count(w).log()) / fields["r"],
        "soft": soft,
        "gem": lambda w: w.double().clamp(min=1e-6).pow(fields["p"]).nanmean(-1).pow(1 / fields["p"]),
        "median": lambda w: w.nanmedian(-1).values,
    }
    return statistics[name_of(op)]


STATISTICS = [
    "min",
    "sum",
    "std",
    "variance",
    {"log_sum_exp": {"r": 2}},
    {"log_sum_exp": {"r": 0.5}},
    {"soft": {"beta": 1}},
    {"soft": {"beta": -3}},
    {"gem": {"p": 3}},
    "median",
]
UNPADDED = ["first", "last", {"rank": {"q": 0.75}}, {"rank": {"q": 0.125}}, {"lp": {"p": 2}}, {"lp": {"p": 3}}]


def gather(x, kernel, stride, padding, dilation):
    """The taps of every window on a last axis; NaN where padding is."""
    axes = len(kernel)
    padding, dilation, stride = padding or (0,) * axes, dilation or (1,) * axes, stride or kernel
    x = F.pad(x, [side for pad in reversed(padding) for side in (pad, pad)], value=math.nan)
    for axis in range(axes):
        x = x.unfold(2 + axis, dilation[axis] * (kernel[axis] - 1) + 1, stride[axis])[..., :: dilation[axis]]
    return x.flatten(2 + axes)


def statistics_of_windows():
    for axes in (1, 2, 3):
        for kernel, stride, padding, dilation, ceil in WINDOWS[axes]:
            if ceil:
                continue
            x = INPUTS[f"reals{axes}"]
            taps = gather(x, kernel, stride, padding, dilation)
            spec = window(kernel, stride, padding, dilation)
            for op in STATISTICS + ([] if padding else UNPADDED):
                # A few of each on three axes are enough.
                if axes == 3 and padding and name_of(op) in ("soft", "log_sum_exp"):
                    continue
                fold = with_padding(op) if padding else without_padding(op)
                label = f"{json.dumps(op)} {described(spec)}"
                case("statistics", label, op, {"window": spec}, f"reals{axes}", fold(taps), math.prod(kernel))


def statistics_of_planes():
    for axes in (1, 2, 3):
        x = INPUTS[f"reals{axes}"]
        plane = x.flatten(2)
        for op in ["max", "average"] + STATISTICS + UNPADDED:
            y = without_padding(op)(plane).reshape(x.shape[:2] + (1,) * axes)
            case("global", f"{json.dumps(op)} {axes} axes", op, "global", f"reals{axes}", y, plane.shape[-1])
        for size in ADAPTIVE[axes][:2]:
            spans = [
                [slice(o * n // out, -(-(o + 1) * n // out)) for o in range(out)] for n, out in zip(x.shape[2:], size)
            ]
            for op in ["std", {"log_sum_exp": {"r": 2}}, {"gem": {"p": 3}}, "median", "min", "last"]:
                bins = [without_padding(op)(x[(..., *span)].flatten(2)) for span in itertools.product(*spans)]
                y = torch.stack(bins, -1).reshape(x.shape[:2] + size)
                region = {"adaptive": {"output_size": list(size)}}
                case("adaptive", f"{json.dumps(op)} adaptive {size}", op, region, f"reals{axes}", y, plane.shape[-1])
    for axes in (1, 2, 3):
        plane = INPUTS[f"specials{axes}"].flatten(2)
        for op in ("max", "min", "median", "sum", "average"):
            y = without_padding(op)(plane).reshape(plane.shape[:2] + (1,) * axes)
            case("global", f"{op} specials {axes} axes", op, "global", f"specials{axes}", y, plane.shape[-1])


def channels():
    ops = ["max", "average"] + STATISTICS + UNPADDED
    for source, group, strided in (("channels2", 3, False), ("channels2", 2, True), ("channels3", 4, False)):
        x = INPUTS[source]
        n, c, *rest = x.shape
        split = x.view(n, group, c // group, *rest).movedim(1, -1) if strided else x.view(n, c // group, group, *rest).movedim(2, -1)
        for op in ops:
            region = {"channels": {"group": group, "strided": strided}}
            case("channels", f"{json.dumps(op)} {source} {region}", op, region, source, without_padding(op)(split), group)
    for source, size, stride, pad in (("channels1", 5, 1, 2), ("channels1", 4, 3, 0), ("channels2", 3, 1, 1), ("channels3", 3, 2, 0)):
        x = INPUTS[source]
        region = {"channel_window": {"kernel_size": size, "stride": stride, "padding": [pad, pad]}}
        lined = x.flatten(2).transpose(1, 2)  # [N, positions, C]
        shaped = lambda y: y.transpose(1, 2).reshape(x.shape[0], -1, *x.shape[2:])
        case("channels", f"max_pool1d {source} {region}", "max", region, source, shaped(F.max_pool1d(lined, size, stride, pad)), size)
        y = shaped(F.avg_pool1d(lined.double(), size, stride, pad))
        case("channels", f"avg_pool1d {source} {region}", "average", region, source, y, size)
        taps = gather(lined, (size,), (stride,), (pad,), None)
        for op in STATISTICS:
            fold = with_padding(op) if pad else without_padding(op)
            case("channels", f"{json.dumps(op)} {source} {region}", op, region, source, shaped(fold(taps)), size)


def regions():
    """Fractional windows and their indices, pyramids as adaptive grids side by side, windows on padded inputs."""
    for axes, pool, kernel, out, samples in (
        (2, F.fractional_max_pool2d, (2, 3), (5, 3), (0.25, 0.75)),
        (2, F.fractional_max_pool2d, (3, 2), (8, 6), (0.5, 0.125)),
        (3, F.fractional_max_pool3d, (2, 2, 1), (3, 4, 2), (0.5, 0.25, 0.0)),
    ):
        for kind in ("reals", "ties"):
            x = INPUTS[f"{kind}{axes}"]
            # On two axes torch takes the sample of the last axis first, on three it does not.
            order = samples[::-1] if axes == 2 else samples
            drawn = torch.tensor(order).expand(x.shape[0], x.shape[1], axes).contiguous()
            y, indices = pool(x, kernel, output_size=out, _random_samples=drawn, return_indices=True)
            spec = {"kernel_size": list(kernel), "output_size": list(out), "samples": list(samples)}
            case("regions", f"fractional {kind}{axes} {spec}", "max", {"fractional": spec}, f"{kind}{axes}", y, 1, indices)
    grids = {1: (F.adaptive_avg_pool1d, F.adaptive_max_pool1d), 2: (F.adaptive_avg_pool2d, F.adaptive_max_pool2d)}
    for axes, (average, largest) in grids.items():
        for levels in ([1, 2, 4], [3, 1]):
            source, region = f"reals{axes}", {"pyramid": {"levels": levels}}
            x = INPUTS[source]
            y = torch.cat([largest(x, level).flatten(2) for level in levels], -1)
            case("regions", f"adaptive_max_pool{axes}d {levels}", "max", region, source, y, 1)
            y = torch.cat([average(x.double(), level).flatten(2) for level in levels], -1)
            case("regions", f"adaptive_avg_pool{axes}d {levels}", "average", region, source, y, x[0, 0].numel())
    for mode, named in (("reflect", "reflect"), ("edge", "replicate")):
        for kernel, stride, pad in (((3, 3), (1, 1), (1, 1)), ((5, 3), (2, 1), (3, 2)), ((3, 5), (1, 3), (0, 4))):
            padded = F.pad(INPUTS["reals2"], (pad[1], pad[1], pad[0], pad[0]), mode=named)
            region = {"window": {**window(kernel, stride, pad), "padding_mode": mode}}
            case("regions", f"max_pool2d {region}", "max", region, "reals2", F.max_pool2d(padded, kernel, stride), 1)
            y = F.avg_pool2d(padded.double(), kernel, stride)
            case("regions", f"avg_pool2d {region}", "average", region, "reals2", y, math.prod(kernel))


def activations():
    functions = {"relu": F.relu, "leaky_relu": F.leaky_relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
    spec = window((3, 3), (2, 2), (1, 1))
    for label, function in functions.items():
        # leaky_relu is rounded in f32 here and there alike.
        x = function(INPUTS["reals2"])
        case("activation", f"{label} max", "max", {"window": spec}, "reals2", F.max_pool2d(x, 3, 2, 1), 9, None, label)
        x = x.double()
        y = F.avg_pool2d(x, 3, 2, 1)
        case("activation", f"{label} average", "average", {"window": spec}, "reals2", y, 9, None, label)
        op = {"gem": {"p": 3}}
        y = without_padding(op)(x.flatten(2))[..., None, None]
        case("activation", f"{label} gem", op, "global", "reals2", y, 77, None, label)
        y = x.flatten(2).float().median(-1).values[..., None, None]
        case("activation", f"{label} median", "median", "global", "reals2", y, 77, None, label)


def fits(boxes, scale, size, bins):
    """Whether bins whose borders torchvision finds in floats are those of whole numbers."""
    for _, x1, y1, x2, y2 in boxes:
        for start, end, out in ((x1, x2, bins[1]), (y1, y2, bins[0])):
            near = lambda corner: math.floor(abs(corner * scale) + 0.5) * (1 if corner >= 0 else -1)
            long = max(near(end) - near(start) + 1, 1)
            step = torch.tensor(float(long)) / out
            for o in range(out):
                borders = math.floor((o * step).item()), math.ceil(((o + 1) * step).item())
                if borders != (o * long // out, -(-(o + 1) * long // out)):
                    return False
    return True


def boxes():
    """torchvision's roi_pool, roi_align and ps_roi_align, whose corners move by half a position as aligned boxes' do."""
    x = INPUTS["images"]
    of_scale = {
        1.0: [[0, 1, 1, 8, 6], [1, -3, 2, 5, 11], [1, 4.25, 3.5, 12.75, 7], [0, 2, 2, 2, 2], [1, 0, 0, 13, 9]],
        0.5: [[0, 3, 1, 21, 14], [1, 0, 0, 26, 18], [0, -5, -7, 9, 30], [1, 7.5, 3.25, 8, 17]],
        0.0625: [[1, 16, 32, 180, 140], [0, 0, 0, 207, 143], [0, 33, 17, 48, 64]],
        0.3: [[0, 3, 1, 35, 24], [1, 5.5, 2.2, 40, 29], [1, 30, 20, 31, 22]],
    }
    for scale, rows in of_scale.items():
        given = torch.tensor(rows, dtype=torch.float32)
        beside = {"boxes": given.tolist()}
        for bins in ([1, 1], [2, 2], [2, 3], [7, 7]):
            region = {"output_size": bins, "spatial_scale": scale, "max_boxes": len(rows)}
            if fits(given.tolist(), scale, x.shape[2:], bins):
                y = torchvision.ops.roi_pool(x, given, bins, scale)
                case("boxes", f"roi_pool {scale} {bins}", "max", {"roi_pool": region}, "images", y, 1, **beside)
            for ratio, aligned in itertools.product((0, 1, 2, 3) if bins != [7, 7] else (0, 2), (False, True)):
                y = torchvision.ops.roi_align(x, given, bins, scale, ratio, aligned)
                own = {"roi_align": {**region, "sampling_ratio": ratio, "aligned": aligned}}
                label = f"roi_align {scale} {bins} {ratio} {aligned}"
                # Points are placed in f32: 64 more ulp than sums alone.
                case("boxes", label, "average", own, "images", y, 2**20, **beside)
            if bins == [2, 3]:
                # torchvision always moves the corners, and has no sample where ours are 0.
                y = torchvision.ops.ps_roi_align(INPUTS["sensitive"], given, bins, scale, 2)
                own = {"roi_align": {**region, "sampling_ratio": 2, "aligned": True, "position_sensitive": True}}
                case("boxes", f"ps_roi_align {scale} {bins}", "average", own, "sensitive", y, 2**20, **beside)


def weights():
    """Weighted sums and means, blurs on padded inputs, gates, and what stochastic pooling is on average."""
    for axes, kernel, stride in ((1, (5,), (2,)), (2, (3, 2), (1, 2)), (3, (2, 2, 3), (1, 2, 1))):
        source = f"reals{axes}"
        taps = gather(INPUTS[source], kernel, stride, None, None).double()
        x, size = INPUTS[source], math.prod(kernel)
        spec = {"window": window(kernel, stride)}
        for own in (False, True):
            w = torch.randn((x.shape[1], size) if own else (size,)).abs() + 0.1
            by = w.double().view(1, x.shape[1], *[1] * axes, size) if own else w.double()
            fields = {"per_channel": True} if own else {}
            beside = {"weights": w.flatten().tolist()}
            op = {"weighted": {**fields, "normalize": True}}
            case("weights", f"mean {axes} {own}", op, spec, source, (taps * by).sum(-1) / by.sum(-1), size, **beside)
            op = {"weighted": {**fields, "normalize": False}}
            case("weights", f"sum {axes} {own}", op, spec, source, (taps * by).sum(-1), size, **beside)
            alpha = torch.sigmoid((taps * by).sum(-1))
            y = alpha * taps.amax(-1) + (1 - alpha) * taps.mean(-1)
            # A gate moves with the error of its sum.
            case("weights", f"gated {axes} {own}", {"gated": fields}, spec, source, y, 2**20, **beside)
        positive = taps.clamp(min=0)
        y = (positive**2).sum(-1) / positive.sum(-1).clamp(min=1e-30)
        op = {"stochastic": {"seed": 0, "mode": "expectation"}}
        case("weights", f"expectation {axes}", op, spec, source, y, size)
    rows = {1: [1.0], 3: [1.0, 2.0, 1.0], 4: [1.0, 3.0, 3.0, 1.0], 5: [1.0, 4.0, 6.0, 4.0, 1.0]}
    x = INPUTS["reals2"]
    for mode, named in (("reflect", "reflect"), ("edge", "replicate")):
        for kernel, pad, stride in (((3, 3), (1, 1), (2, 2)), ((5, 3), (2, 1), (1, 2)), ((4, 5), (3, 2), (1, 1))):
            blur = torch.outer(*(torch.tensor(rows[k]).double() / sum(rows[k]) for k in kernel))
            padded = F.pad(x.double(), (pad[1], pad[1], pad[0], pad[0]), mode=named)
            y = F.conv2d(padded, blur.expand(x.shape[1], 1, *kernel).contiguous(), stride=stride, groups=x.shape[1])
            region = {"window": {**window(kernel, stride, pad), "padding_mode": mode}}
            op = {"weighted": {"preset": "binomial"}}
            case("weights", f"blur {region}", op, region, "reals2", y, math.prod(kernel))


def segments():
    """Segments by masks; sentence-transformers' six poolings of tokens, by its formulas."""
    x = INPUTS["images"]
    labels = torch.randint(-1, 6, (2, 9, 13))
    labels[labels == 4] = 0
    beside = {"labels": labels.flatten().tolist()}
    region = {"segments": {"count": 6}}
    inside = [(labels == s)[:, None] for s in range(6)]
    pick = lambda fold: torch.stack([fold(mask) for mask in inside], -1)
    count = pick(lambda mask: mask.sum((2, 3)).expand(2, x.shape[1]))
    total = pick(lambda mask: (x.double() * mask).sum((2, 3)))
    largest = pick(lambda mask: x.masked_fill(~mask, -math.inf).amax((2, 3))).masked_fill(count == 0, 0.0)
    mean = total / count.clamp(min=1)
    squares = pick(lambda mask: ((x.double() ** 2) * mask).sum((2, 3))) / count.clamp(min=1)
    for op, y in (("max", largest), ("sum", total), ("average", mean), ("variance", squares - mean**2)):
        case("segments", f"segments {op}", op, region, "images", y, 117, **beside)
    tokens = INPUTS["tokens"].double()
    for side, mask in (("right", [[1] * k + [0] * (7 - k) for k in (7, 4, 1, 5)]), ("left", [[0] * (7 - k) + [1] * k for k in (7, 4, 1, 5)])):
        m = torch.tensor(mask).double()[..., None]
        place = torch.arange(1, 8).double()[None, :, None]
        last = torch.tensor([max(t for t in range(7) if row[t]) for row in mask])
        modes = {
            "max": ("max", tokens.masked_fill(m == 0, -1e9).amax(1)),
            "mean": ("average", (tokens * m).sum(1) / m.sum(1).clamp(min=1e-9)),
            "mean_sqrt_len_tokens": ({"average": {"sqrt_divisor": True}}, (tokens * m).sum(1) / m.sum(1).clamp(min=1e-9).sqrt()),
            "weightedmean": ({"weighted": {"preset": "position"}}, (tokens * m * place).sum(1) / (m * place).sum(1).clamp(min=1e-9)),
            "lasttoken": ("last", tokens[torch.arange(4), last]),
        }
        if side == "right":
            modes["cls"] = ("first", tokens[:, 0])
        for named, (op, y) in modes.items():
            beside = {"mask": [bit for row in mask for bit in row]}
            case("segments", f"{named} {side}", op, "sequence", "tokens", y[:, None], 7, **beside)


def main():
    for make in (
        max_windows, average_windows, lp_windows, adaptive, statistics_of_windows, statistics_of_planes, channels, regions, activations,
        boxes, weights, segments,
    ):
        make()
    for family, cases in FAMILIES.items():
        used = {one["input"] for one in cases}
        held = {name: {"shape": list(x.shape), "bits": bits(x)} for name, x in INPUTS.items() if name in used}
        versions = VERSIONS_OF_BOXES if family == "boxes" else VERSIONS
        lines = ["{", f'"family": {json.dumps(family)},', f'"versions": {json.dumps(versions)},', '"inputs": {']
        compact = lambda value: json.dumps(value, separators=(",", ":"))
        lines.append(",\n".join(f"{json.dumps(name)}: {compact(x)}" for name, x in held.items()))
        lines += ["},", '"cases": [', ",\n".join(compact(one) for one in cases), "]", "}"]
        path = HERE / f"{family}.json"
        path.write_text("\n".join(lines) + "\n")
        print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
