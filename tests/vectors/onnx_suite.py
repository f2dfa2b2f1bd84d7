"""Writes the pooling cases of the ONNX operator suite beside this file, for tests/suite/peers_onnx.rs to compare the kernels and the reference with.

    python3.11 -m venv venv && venv/bin/pip install onnx onnxruntime numpy && venv/bin/python tests/vectors/onnx_suite.py

onnx_suite.json names versions and cases, onnx_suite.bin holds the numbers, little-endian. The same versions write the same bytes. A case is {"name",
"from", "operator", "attributes", "inputs", "outputs", "relative"} and, where onnxruntime answers otherwise, its "decided" outputs. A tensor is {"type",
"shape", "at"}, its first byte.

"from" is "suite" for the cases of onnx.backend.test (node, pytorch-converted, pytorch-operator), and "onnxruntime" for more attributes, answered by its CPU
provider. "relative" is the error allowed; the suite's own 1e-3 only where its numbers were typed in with four digits.

Of random inputs of more than 2,000 values in three channels, the first channel is kept, and of 98,304 values its first three layers, with what follows
from them. Left out are two of pytorch-converted, MaxPool1d_stride_padding_dilation and MaxPool2d_stride_padding_dilation, whose inputs are
0.9 and 4 MB of random values.
"""

import glob
import itertools
import json
import os
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).parent
VERSIONS = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
OPERATORS = (
    "MaxPool AveragePool LpPool GlobalMaxPool GlobalAveragePool GlobalLpPool MaxUnpool RoiAlign MaxRoiPool".split()
)
LEFT_OUT = {"MaxPool1d_stride_padding_dilation", "MaxPool2d_stride_padding_dilation"}
CASES, BLOB, HELD = [], bytearray(), {}
onnxruntime.set_default_logger_severity(4)
RANDOM = np.random.default_rng(7)


def tensor(array):
    """Where the bytes of an array stand; equal arrays stand there once."""
    array = np.ascontiguousarray(array)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    if data not in HELD:
        HELD[data] = len(BLOB)
        BLOB.extend(data)
    return {"type": array.dtype.name, "shape": list(array.shape), "at": HELD[data]}


def runtime(operator, attributes, inputs, outputs=1):
    """What onnxruntime answers, under the last version of the operator that it has."""
    names = [f"i{at}" for at in range(len(inputs))], [f"o{at}" for at in range(outputs)]
    node = helper.make_node(operator, *names, **attributes)
    value = lambda name, array: helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
    )
    given = [value(name, array) for name, array in zip(names[0], inputs)]
    first = helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
    types = [first, onnx.TensorProto.INT64]
    wanted = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(names[1], types)]
    model = helper.make_model(
        helper.make_graph([node], "one", given, wanted),
        opset_imports=[helper.make_opsetid("", 16 if operator == "RoiAlign" else 21)],
        ir_version=10,
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names[0], inputs)))


def close(got, wanted, relative):
    pairs = list(zip(got, wanted))
    return all(g.shape == w.shape and np.allclose(g, w, rtol=relative, atol=1e-6) for g, w in pairs)


def case(name, source, operator, attributes, inputs, outputs, relative=1e-5):
    decided = runtime(operator, attributes, inputs, len(outputs))
    if source == "suite" and not close(decided, outputs, relative) and close(decided, outputs, 1e-3):
        relative = 1e-3
    one = {"name": name, "from": source, "operator": operator, "attributes": attributes, "inputs": [], "outputs": []}
    one["inputs"] = [tensor(array) for array in inputs]
    one["outputs"] = [tensor(array) for array in outputs]
    one["relative"] = relative
    if not close(decided, outputs, relative):
        one["decided"] = [tensor(array) for array in decided]
        print(f"{name}: onnxruntime answers otherwise")
    CASES.append(one)


def plain(attribute):
    value = helper.get_attribute_value(attribute)
    return value.decode() if isinstance(value, bytes) else list(value) if hasattr(value, "__len__") else value


def pruned(inputs, outputs, attributes):
    """The first of three channels of large inputs, and of three axes its first three layers where nothing is padded, dilated or strided."""
    if len(inputs) != 1 or inputs[0].size < 2000 or inputs[0].shape[1] != 3:
        return inputs, outputs
    x, y = inputs[0][:, :1], outputs[0][:, :1]
    if x.ndim == 5:
        assert set(attributes) <= {"kernel_shape", "p"} and attributes["kernel_shape"] == [2, 2, 2]
        x, y = x[:, :, :3], y[:, :, :2]
    return [x], [y]


def suite():
    # Most of the suite's inputs are drawn as its cases are collected.
    np.random.seed(7)
    from onnx.backend.test.case.node import collect_testcases

    for one in collect_testcases(None):
        nodes = one.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in OPERATORS:
            assert not {node.op_type for node in nodes} & set(OPERATORS), one.name
            continue
        (inputs, outputs), node = one.data_sets[0], nodes[0]
        attributes = {attribute.name: plain(attribute) for attribute in node.attribute}
        inputs, outputs = pruned(list(map(np.asarray, inputs)), list(map(np.asarray, outputs)), attributes)
        case(one.name, "suite", node.op_type, attributes, inputs, outputs)
    folder = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for path in sorted(glob.glob(f"{folder}/pytorch-*/test_*")):
        nodes = onnx.load(f"{path}/model.onnx").graph.node
        mine = [node for node in nodes if node.op_type in OPERATORS]
        name = os.path.basename(path)
        if not mine or name.removeprefix("test_") in LEFT_OUT:
            continue
        read = lambda kind: numpy_helper.to_array(onnx.load_tensor(f"{path}/test_data_set_0/{kind}_0.pb"))
        x, y = read("input"), read("output")
        if [node.op_type for node in nodes] == ["Unsqueeze", "AveragePool", "Squeeze"]:
            # A pooling of one axis is exported as one of two, the second of size 1.
            x, y = x[..., None], y[..., None]
        else:
            assert len(nodes) == 1, name
        case(name, "suite", mine[0].op_type, {a.name: plain(a) for a in mine[0].attribute}, [x], [y])


def more(label, operator, attributes, inputs, outputs=1):
    case(f"{operator} {label}", "onnxruntime", operator, attributes, inputs, runtime(operator, attributes, inputs, outputs))


def windows():
    """Attributes that every windowed operator has, an axis after the other."""
    shapes = {1: (2, 3, 17), 2: (1, 3, 11, 7), 3: (1, 2, 5, 7, 3)}
    kernels = {1: [3], 2: [3, 2], 3: [2, 3, 2]}
    strides = {1: [2], 2: [2, 3], 3: [2, 2, 1]}
    pads = {1: [1, 2], 2: [2, 0, 1, 1], 3: [1, 2, 0, 0, 1, 1]}
    dilations = {1: [3], 2: [2, 3], 3: [2, 1, 2]}
    for axes, shape in shapes.items():
        base = {"kernel_shape": kernels[axes]}
        yield axes, shape, "plain", base
        for ceil in (0, 1):
            yield axes, shape, f"strides ceil={ceil}", {**base, "strides": strides[axes], "ceil_mode": ceil}
            yield axes, shape, f"pads ceil={ceil}", {**base, "strides": strides[axes], "pads": pads[axes], "ceil_mode": ceil}
            dilated = {**base, "strides": strides[axes], "dilations": dilations[axes], "ceil_mode": ceil}
            yield axes, shape, f"dilations ceil={ceil}", dilated
        for rule in ("SAME_UPPER", "SAME_LOWER", "VALID"):
            yield axes, shape, rule, {**base, "strides": strides[axes], "auto_pad": rule}
    yield 2, shapes[2], "VALID ceil=1", {"kernel_shape": [3, 2], "strides": [3, 3], "auto_pad": "VALID", "ceil_mode": 1}


def beyond():
    reals = lambda shape: RANDOM.standard_normal(shape).astype(np.float32) * 3
    for axes, shape, label, attributes in windows():
        more(f"{axes} {label}", "MaxPool", attributes, [reals(shape)], 2)
        more(f"{axes} {label} ties", "MaxPool", attributes, [RANDOM.integers(-2, 3, shape).astype(np.float32)], 2)
        for kind in (np.uint8, np.int8):
            least = np.iinfo(kind).min
            more(f"{axes} {label} {kind.__name__}", "MaxPool", attributes, [RANDOM.integers(least, least + 256, shape).astype(kind)])
        for include in (0, 1):
            own = {**attributes, "count_include_pad": include}
            more(f"{axes} {label} include={include}", "AveragePool", own, [reals(shape)])
        more(f"{axes} {label}", "LpPool", {**attributes, "p": 1 + len(CASES) % 4}, [reals(shape)])
    for axes, shape in ((1, (2, 3, 17)), (2, (1, 3, 11, 7)), (3, (1, 2, 5, 7, 3))):
        for operator, extra in (
            ("GlobalMaxPool", {}), ("GlobalAveragePool", {}), ("GlobalLpPool", {}), ("GlobalLpPool", {"p": 1}), ("GlobalLpPool", {"p": 3}),
        ):
            more(f"{axes} {extra}", operator, extra, [reals(shape)])
        for order in (0, 1):
            attributes = {"kernel_shape": [2] * axes, "strides": [2] * axes, "storage_order": order}
            more(f"{axes} order={order}", "MaxPool", attributes, [reals(shape)], 2)
        whole = reals([2, 3] + [6, 4, 8][:axes])
        attributes = {"kernel_shape": [2] * axes, "strides": [2] * axes}
        y, indices = runtime("MaxPool", attributes, [whole], 2)
        more(f"{axes}", "MaxUnpool", attributes, [y, indices])
        larger = np.array(list(whole.shape[:2]) + [size + 1 for size in whole.shape[2:]], np.int64)
        wider = np.zeros(larger, np.float32)
        wider[tuple(slice(size) for size in whole.shape)] = whole
        y, indices = runtime("MaxPool", attributes, [wider], 2)
        more(f"{axes} output_shape", "MaxUnpool", attributes, [y, indices, larger])
    images = np.abs(reals((2, 2, 9, 13)))
    boxes = np.array([[1, 1, 8, 6], [-3, 2, 5, 11], [4.25, 3.5, 12.75, 7], [2, 2, 2, 2], [0, 0, 13, 9]], np.float32)
    batches = np.array([0, 1, 1, 0, 1], np.int64)
    for mode, ratio, scale in itertools.product(("half_pixel", "output_half_pixel"), (0, 2, 3), (1.0, 0.5)):
        attributes = {"output_height": 2, "output_width": 3, "sampling_ratio": ratio, "spatial_scale": scale}
        attributes["coordinate_transformation_mode"] = mode
        more(f"{mode} {ratio} {scale}", "RoiAlign", attributes, [images, boxes, batches])
    more("defaults", "RoiAlign", {}, [images, boxes, batches])
    rows = np.concatenate([batches[:, None].astype(np.float32), np.round(np.abs(boxes))], 1)
    for scale, bins in itertools.product((1.0, 0.5), ([1, 1], [2, 2], [2, 4])):
        more(f"{scale} {bins}", "MaxRoiPool", {"pooled_shape": bins, "spatial_scale": scale}, [images, rows])


def main():
    suite()
    of_suite = len(CASES)
    beyond()
    lines = ["{", f'"versions": {json.dumps(VERSIONS)},', '"cases": [']
    lines += [",\n".join(json.dumps(one, separators=(",", ":")) for one in CASES), "]", "}"]
    (HERE / "onnx_suite.json").write_text("\n".join(lines) + "\n")
    (HERE / "onnx_suite.bin").write_bytes(BLOB)
    print(f"{of_suite} cases of the suite, {len(CASES) - of_suite} of onnxruntime, {len(BLOB)} bytes")


if __name__ == "__main__":
    main()
