"""ONNX Runtime: ort.py cpu|webgpu nchw|nhwc.

ONNX pools with channels first. For channels last the model is a transposition, the pooling and the transposition back, and the provider
is asked to prefer that layout, so that the optimiser takes the transpositions out.
"""

import sys

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

from protocol import Prepared, Unsupported, read, serve, side, threads, window

GPU, LAST = sys.argv[1] == "webgpu", sys.argv[2] == "nhwc"
ort.set_default_logger_severity(4)
PLACE = "webgpu" if GPU else "cpu"
DEVICES = []
if GPU:
    import onnxruntime_ep_webgpu as webgpu

    ort.register_execution_provider_library("webgpu", webgpu.get_library_path())
    DEVICES = [device for device in ort.get_ep_devices() if device.ep_name == webgpu.get_ep_name()][:1]


def session(nodes, inputs, outputs):
    """A session of one graph; on the GPU without the silent way back to the CPU."""
    graph = helper.make_graph(nodes, "peer", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
    if not GPU:
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    options.add_provider_for_devices(DEVICES, {"preferredLayout": "NHWC" if LAST else "NCHW"})
    return ort.InferenceSession(model.SerializeToString(), options)


def tensor(name, sizes, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, sizes)


def waiter():
    """The provider has no wait: a model of four values is run and read back, and the queue is in order."""
    if not GPU:
        return lambda: None
    tiny = session([helper.make_node("Relu", ["x"], ["y"])], [tensor("x", [4])], [tensor("y", [4])])
    values = np.ones(4, np.float32)
    return lambda: tiny.run(None, {"x": values})


def pool(problem):
    """The node's name and attributes."""
    op, parts = problem["op"], window(problem)
    if problem["region"] == "global" and op == "average":
        return "GlobalAveragePool", {}
    if problem["region"] == "adaptive":
        # The windows that the grid happens to be, which is what exporters write.
        ins, outs = problem["shape"][2:], problem["output_shape"][2:]
        stride = [i // o for i, o in zip(ins, outs)]
        kernel = [i - (o - 1) * s for i, o, s in zip(ins, outs, stride)]
        if any((k - 1) // s * o > i for k, s, o, i in zip(kernel, stride, outs, ins)):
            raise Unsupported("no adaptive pooling, and no window is this grid")
        parts = kernel, stride, [0] * len(ins)
    names = {"max": "MaxPool", "average": "AveragePool", "lp2": "LpPool"}
    if not parts or op not in names:
        raise Unsupported(f"no {op} pooling in such regions")
    kernel, stride, padding = parts
    extra = {"average": {"count_include_pad": 1}, "lp2": {"p": 2}}.get(op, {})
    return names[op], dict(kernel_shape=kernel, strides=stride, pads=[*padding, *padding], **extra)


def pooling_graph(problem):
    name, attributes = pool(problem)
    sizes = {"x": problem["shape"], "y": problem["output_shape"]}
    outputs = ["y", "indices"] if problem["wanted"] == "indices" else ["y"]
    if not LAST:
        nodes = [helper.make_node(name, ["x"], outputs, **attributes)]
    else:
        if len(outputs) > 1:
            raise Unsupported("indices with channels first only")
        rank = len(problem["shape"])
        sizes = {name: (sizes[name][0], *sizes[name][2:], sizes[name][1]) for name in sizes}
        nodes = [
            helper.make_node("Transpose", ["x"], ["first"], perm=[0, rank - 1, *range(1, rank - 1)]),
            helper.make_node(name, ["first"], ["pooled"], **attributes),
            helper.make_node("Transpose", ["pooled"], ["y"], perm=[0, *range(2, rank), 1]),
        ]
    infos = [tensor("y", sizes["y"])]
    if len(outputs) > 1:
        infos.append(tensor("indices", sizes["y"], TensorProto.INT64))
    return nodes, infos, {"x": read(problem["input"], sizes["x"])}, None


def tokens_graph(problem, mask):
    batch, count, width = problem["shape"]
    kept = read(mask, (batch, count, 1), "uint32").astype(np.float32)
    nodes = [
        helper.make_node("Mul", ["x", "mask"], ["product"]),
        helper.make_node("ReduceSum", ["product", "axes"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["mask", "axes"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["y"]),
    ]
    axes = helper.make_node("Constant", [], ["axes"], value=helper.make_tensor("axes", TensorProto.INT64, [1], [1]))
    feeds = {"x": read(problem["input"], problem["shape"]), "mask": kept}
    return [axes, *nodes], [tensor("y", (batch, 1, width))], feeds, "product with the mask, sum, quotient"


def boxes_graph(problem, box):
    rows = read(box["boxes"], (-1, 5))
    mode = "half_pixel" if box["aligned"] else "output_half_pixel"
    height, width = problem["output_shape"][2:]
    node = helper.make_node(
        "RoiAlign", ["x", "boxes", "images"], ["y"], output_height=height, output_width=width,
        spatial_scale=box["spatial_scale"], sampling_ratio=box["sampling_ratio"], coordinate_transformation_mode=mode,
    )
    feeds = {"x": read(problem["input"], problem["shape"]), "boxes": rows[:, 1:].copy(), "images": rows[:, 0].astype(np.int64)}
    return [node], [tensor("y", problem["output_shape"])], feeds, None


def graph(problem):
    if problem["wanted"] == "gradient":
        raise Unsupported("inference only")
    tokens, box = side(problem, "sequence"), side(problem, "roi_align")
    if LAST and (tokens or box):
        raise Unsupported("channels first only")
    if tokens:
        return tokens_graph(problem, tokens["mask"])
    return boxes_graph(problem, box) if box else pooling_graph(problem)


WAIT = waiter()


def prepare(problem):
    nodes, outputs, feeds, note = graph(problem)
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    try:
        model = session(nodes, [tensor(name, x.shape, kinds[x.dtype]) for name, x in feeds.items()], outputs)
    except Exception as why:
        raise Unsupported(f"the provider has no {'/'.join(node.op_type for node in nodes)}") if GPU else why
    binding = model.io_binding()
    held = []
    for name, values in feeds.items():
        held.append(ort.OrtValue.ortvalue_from_shape_and_type(list(values.shape), values.dtype, PLACE, 0))
        held[-1].update_inplace(values)
        binding.bind_ortvalue_input(name, held[-1])
    for info in outputs:
        sizes = [axis.dim_value for axis in info.type.tensor_type.shape.dim]
        kind = np.int64 if info.name == "indices" else np.float32
        held.append(ort.OrtValue.ortvalue_from_shape_and_type(sizes, kind, PLACE, 0))
        binding.bind_ortvalue_output(info.name, held[-1])
    run = lambda: model.run_with_iobinding(binding)
    try:
        run()
    except Exception as why:
        # Some of what is missing is only found out by running.
        raise Unsupported(str(why).split(": ")[-1].strip()) if "not supported" in str(why) else why
    return Prepared(run, lambda: model.run(["y"], feeds)[0], WAIT, note)


serve(ort.__version__, None if GPU else f"CPU, {threads()} threads", prepare)
