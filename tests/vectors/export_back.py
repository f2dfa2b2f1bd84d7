"""Writes PyTorch's gradients and unpoolings beside this file, for tests/suite/peers.rs to compare the way back with.

    python3.11 -m venv venv && venv/bin/pip install torch torchvision numpy && venv/bin/python tests/vectors/export_back.py

The committed files were written with the versions that each of them names. The same versions write the same bytes.

gradients.json: {"family", "versions", "inputs": [bits, ...], "cases": [{"name", "spec", "shape", "input": its place among them, "grad_output",
"grad_input", "grad_parameters"?, "weights"?, "boxes"?}]}, numbers being the bits of f32s, as integers. Everything is computed in f64 by autograd and rounded once. Where torch has a
pooling, its gradient is taken; where it has only the statistic, that is applied to the taps that Tensor.unfold gathers.

unpooling.json: {"cases": [{"name", "spec", "pooled", "restored", "values", "indices", "output"}]}, by max_unpool.
"""

import json
import math
import pathlib
import platform

import torch
import torch.nn.functional as F
import torchvision

HERE = pathlib.Path(__file__).parent
VERSIONS = {
    "python": platform.python_version(),
    "torch": torch.__version__.split("+")[0],
    "torchvision": torchvision.__version__.split("+")[0],
}
SHAPES = {1: (2, 3, 17), 2: (1, 3, 11, 8), 3: (1, 2, 5, 7, 4)}
torch.manual_seed(21)
torch.set_num_threads(1)
# Whole quarters: f32 holds them, so both sides begin with the same numbers.
REALS = {axes: torch.randperm(math.prod(shape)).reshape(shape).double() / 4 - 9 for axes, shape in SHAPES.items()}


def bits(values):
    return values.detach().float().contiguous().view(-1).view(torch.int32).to(torch.int64).remainder(1 << 32).tolist()


def window(kernel, stride=None, padding=0, dilation=1, ceil=False):
    spec = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "ceil_mode": ceil}
    return {"window": {**spec, "stride": kernel if stride is None else stride}}


def taps(x, kernel, stride):
    """[N, C, out..., taps], of windows without padding."""
    axes = x.dim() - 2
    for axis in range(axes):
        x = x.unfold(2 + axis, kernel, stride)
    return x.flatten(2 + axes)


CASES = []
INPUTS = []


def case(name, spec, x, run, parameter=None, weights=None, boxes=None):
    x = x.clone().requires_grad_()
    y = run(x)
    ahead = torch.randint(-8, 9, y.shape).double() / 4
    y.backward(ahead)
    if bits(x) not in INPUTS:
        INPUTS.append(bits(x))
    entry = {
        "name": name,
        "spec": spec,
        "shape": list(x.shape),
        "input": INPUTS.index(bits(x)),
        "grad_output": bits(ahead),
        "grad_input": bits(x.grad),
    }
    if parameter is not None:
        entry["grad_parameters"] = bits(parameter.grad)
    if weights is not None:
        entry["weights"] = bits(weights)
    if boxes is not None:
        entry["boxes"] = bits(boxes)
    CASES.append(entry)


def pools(axes):
    x = REALS[axes]
    named = lambda kind: getattr(F, f"{kind}{axes}d")
    for k, s, p, d, ceil in [(2, 2, 0, 1, False), (3, 2, 1, 1, False), (3, 2, 1, 1, True), (3, 1, 1, 1, False), (2, 1, 0, 3, False)]:
        name = f"k{k} s{s} p{p} d{d} ceil {ceil}"
        run = lambda x: named("max_pool")(x, k, s, p, d, ceil)
        case(f"max{axes}d {name}", {"op": "max", "region": window(k, s, p, d, ceil)}, x, run)
        if d > 1:
            continue
        for include in [True, False]:
            run = lambda x: named("avg_pool")(x, k, s, p, ceil, include)
            spec = {"op": {"average": {"count_include_pad": include}}, "region": window(k, s, p, d, ceil)}
            case(f"average{axes}d {name} {include}", spec, x, run)
        if axes > 1:
            run = lambda x: named("avg_pool")(x, k, s, p, ceil, True, 3)
            spec = {"op": {"average": {"divisor_override": 3}}, "region": window(k, s, p, d, ceil)}
            case(f"average{axes}d {name} by 3", spec, x, run)
    positive = x.abs() + 0.25
    for p in [1, 2, 3]:
        run = lambda x: named("lp_pool")(x, float(p), 2, 2)
        case(f"lp{axes}d p {p}", {"op": {"lp": {"p": p}}, "region": window(2)}, positive, run)
    for size in [1, 3, 5]:
        region = {"adaptive": {"output_size": size}}
        case(f"adaptive average{axes}d {size}", {"op": "average", "region": region}, x, lambda x: named("adaptive_avg_pool")(x, size))
        case(f"adaptive max{axes}d {size}", {"op": "max", "region": region}, x, lambda x: named("adaptive_max_pool")(x, size))
    for name, of in [("relu", torch.relu), ("leaky_relu", F.leaky_relu), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)]:
        small = x / 8
        run = lambda x: named("avg_pool")(of(x), 2)
        case(f"average{axes}d of {name}", {"op": "average", "region": window(2), "activation": name}, small, run)
        run = lambda x: named("max_pool")(of(x), 3, 2)
        if name in ("tanh", "sigmoid"):
            case(f"max{axes}d of {name}", {"op": "max", "region": window(3, 2), "activation": name}, small, run)


def statistics(axes):
    x = REALS[axes] / 4
    for k, s in [(2, 2), (3, 1)]:
        count = k**axes
        of = {
            "sum": ("sum", lambda t: t.sum(-1)),
            "min": ("min", lambda t: t.amin(-1)),
            "std": ("std", lambda t: t.std(-1, correction=0)),
            "variance": ("variance", lambda t: t.var(-1, correction=0)),
            "median": ("median", lambda t: t.median(-1).values),
            "rank": ({"rank": {"q": 0.75}}, lambda t: t.sort(-1).values[..., (3 * (count - 1)) // 4]),
            "first": ("first", lambda t: t[..., 0]),
            "last": ("last", lambda t: t[..., -1]),
            "log_sum_exp": ({"log_sum_exp": {"r": 2}}, lambda t: ((2 * t).logsumexp(-1) - math.log(count)) / 2),
            "soft": ({"soft": {"beta": 0.5}}, lambda t: (t * (t * 0.5).softmax(-1)).sum(-1)),
            "mixed": ({"mixed": {"alpha": 0.25}}, lambda t: t.amax(-1) / 4 + t.mean(-1) * 0.75),
            "expectation": (
                {"stochastic": {"seed": 0, "mode": "expectation"}},
                lambda t: t.relu().square().sum(-1) / t.relu().sum(-1).clamp_min(1e-30),
            ),
        }
        for name, (op, statistic) in of.items():
            case(f"{name}{axes}d k{k} s{s}", {"op": op, "region": window(k, s)}, x, lambda x: statistic(taps(x, k, s)))
        p = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
        gem = lambda x: taps(x, k, s).clamp_min(0.125).pow(p).mean(-1).pow(1 / p)
        case(f"gem{axes}d k{k} s{s}", {"op": {"gem": {"p": 3, "eps": 0.125}}, "region": window(k, s)}, x, gem, parameter=p)
        for own in [False, True]:
            sets = (x.shape[1],) if own else ()
            shape = sets + (k,) * axes
            of_taps = lambda w: w.reshape(*(sets or (1,)), *(1,) * axes, -1)
            for op, answer in [
                ({"weighted": {"normalize": False, "per_channel": own}}, lambda t, w: (t * of_taps(w)).sum(-1)),
                (
                    {"weighted": {"normalize": True, "per_channel": own}},
                    lambda t, w: (t * of_taps(w)).sum(-1) / of_taps(w).sum(-1),
                ),
                (
                    {"gated": {"per_channel": own}},
                    lambda t, w: torch.lerp(t.mean(-1), t.amax(-1), torch.sigmoid((t * of_taps(w)).sum(-1))),
                ),
            ]:
                small = x / 4
                w = (torch.randint(1, 16, shape).double() / 16).requires_grad_()
                run = lambda x: answer(taps(x, k, s), w)
                case(f"{op}{axes}d k{k} s{s}", {"op": op, "region": window(k, s)}, small, run, parameter=w, weights=w)


def boxes():
    x = torch.randperm(2 * 2 * 9 * 13).reshape(2, 2, 9, 13).double() / 8 - 20
    rows = torch.tensor([[0, 1, 1, 9, 7], [1, 0.5, 2.25, 12.75, 8], [0, 4, 4, 4, 4], [1, -3, -2, 6, 30]], dtype=torch.float64)
    for scale, size in [(1.0, 3), (0.5, 2)]:
        region = {"roi_pool": {"output_size": size, "spatial_scale": scale}}
        run = lambda x: torchvision.ops.roi_pool(x, rows, size, scale)
        case(f"roi_pool {size} {scale}", {"op": "max", "region": region}, x, run, boxes=rows)
        for ratio, aligned in [(0, True), (2, True), (2, False), (0, False)]:
            region = {"roi_align": {"output_size": size, "spatial_scale": scale, "sampling_ratio": ratio, "aligned": aligned}}
            run = lambda x: torchvision.ops.roi_align(x, rows, size, scale, ratio if ratio else -1, aligned)
            case(f"roi_align {size} {scale} {ratio} {aligned}", {"op": "average", "region": region}, x, run, boxes=rows)


def specials(axes):
    """Beside NaN and infinities, where torch's formula is ours."""
    named = lambda kind: getattr(F, f"{kind}{axes}d")
    places = torch.randperm(REALS[axes].numel())[:12].tolist()

    def among(x, values):
        x = x.clone()
        for place, value in zip(places, values * 12):
            x.view(-1)[place] = value
        return x

    x = among(REALS[axes], [math.nan, math.inf, -math.inf])
    case(f"max{axes}d of specials", {"op": "max", "region": window(3, 2, 1)}, x, lambda x: named("max_pool")(x, 3, 2, 1))
    case(f"average{axes}d of specials", {"op": "average", "region": window(2)}, x, lambda x: named("avg_pool")(x, 2))
    for name, of in [("relu", torch.relu), ("leaky_relu", F.leaky_relu)]:
        run = lambda x: named("avg_pool")(of(x), 2)
        case(f"average{axes}d of {name} of specials", {"op": "average", "region": window(2), "activation": name}, x, run)
    case(f"std{axes}d of specials", {"op": "std", "region": window(2)}, x, lambda x: taps(x, 2, 2).std(-1, correction=0))
    # All of it in windows: to a NaN that is in none torch's power sends 0 · NaN.
    whole = (..., *(slice(size // 2 * 2) for size in SHAPES[axes][2:]))
    positive = among(REALS[axes].abs() + 0.25, [math.nan, math.inf])[whole].contiguous()
    for p in [2, 3]:
        spec = {"op": {"lp": {"p": p}}, "region": window(2)}
        case(f"lp{axes}d p {p} of specials", spec, positive, lambda x: named("lp_pool")(x, float(p), 2, 2))
    below = among(REALS[axes] / 4, [math.nan, -math.inf])
    spec = {"op": {"log_sum_exp": {"r": 2}}, "region": window(2)}
    case(f"log_sum_exp{axes}d of specials", spec, below, lambda x: ((2 * taps(x, 2, 2)).logsumexp(-1) - math.log(2**axes)) / 2)


def unpoolings():
    cases = []
    for axes, x in REALS.items():
        pool = getattr(F, f"max_pool{axes}d")
        unpool = getattr(F, f"max_unpool{axes}d")
        for k, s, p in [(2, 2, 0), (3, 2, 1), (3, 1, 1), (3, 3, 0), (2, 3, 0)]:
            pooled, indices = pool(x, k, s, p, return_indices=True)
            derived = unpool(pooled, indices, k, s, p).shape[2:] if fits(pooled, indices, k, s, p) else None
            for size in {derived, tuple(x.shape[2:])} - {None}:
                # Overlapping windows choose one place several times, all with the same value.
                restored = unpool(pooled, indices, k, s, p, size)
                cases.append({
                    "name": f"max_unpool{axes}d k{k} s{s} p{p} to {tuple(size)}",
                    "spec": {"op": "max", "region": window(k, s, p)},
                    "pooled": list(pooled.shape),
                    "restored": list(restored.shape),
                    "derived": size == derived,
                    "values": bits(pooled),
                    "indices": indices.flatten().tolist(),
                    "output": bits(restored),
                })
    return cases


def fits(pooled, indices, k, s, p):
    """Whether the indices lie in the size that is derived."""
    plane = math.prod((size - 1) * s - 2 * p + k for size in pooled.shape[2:])
    return int(indices.max()) < plane


def write(name, entries, inputs=()):
    text = json.dumps({"family": name, "versions": VERSIONS, "inputs": inputs, "cases": entries}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace('},{"name"', '},\n{"name"') + "\n")
    print(f"{name}: {len(entries)}")


for axes in SHAPES:
    pools(axes)
    statistics(axes)
boxes()
for axes in SHAPES:
    specials(axes)
write("gradients", CASES, INPUTS)
write("unpooling", unpoolings())
