//! Every element type in both layouts on every backend: values, indices, gradients and unpooling.

use plunge::{Element, IndexConvention, Pooling, Shape, reference};

use crate::{Desk, npy, npy::channels_last, refusals::Table, report, stderr, stdout, tensors};

/// The reference, and the adapters that it speaks for.
pub(crate) const BACKENDS: [&str; 3] = ["cpu", "vulkan", "gl"];

const WINDOW: &str = r#"{"window": {"kernel_size": 2, "stride": [2, 1], "padding": [[0, 1], 0]}}"#;

/// What NPY and safetensors files call a type.
fn names(element: Element) -> (Option<&'static str>, safetensors::Dtype) {
    use safetensors::Dtype;
    match element {
        Element::F16 => (Some("<f2"), Dtype::F16),
        Element::Bf16 => (None, Dtype::BF16),
        Element::U8 => (Some("|u1"), Dtype::U8),
        Element::I8 => (Some("|i1"), Dtype::I8),
        Element::I32 => (Some("<i4"), Dtype::I32),
        _ => (Some("<f4"), Dtype::F32),
    }
}

fn spelled(dtype: safetensors::Dtype) -> &'static str {
    use safetensors::Dtype;
    match dtype {
        Dtype::F16 => "F16",
        Dtype::BF16 => "BF16",
        Dtype::U8 => "U8",
        Dtype::I8 => "I8",
        Dtype::I32 => "I32",
        _ => "F32",
    }
}

/// Writes an array where NumPy has its type as `name`.npy, else as `name`.safetensors; answers with the file's name.
fn write(desk: &Desk, name: &str, element: Element, sizes: &[usize], bytes: &[u8]) -> String {
    let (descr, dtype) = names(element);
    let (file, contents) = match descr {
        Some(descr) => (format!("{name}.npy"), npy::file(descr, sizes, bytes)),
        None => (format!("{name}.safetensors"), tensors::file(&[("x", spelled(dtype), sizes, bytes)])),
    };
    desk.write(&file, contents);
    file
}

/// The bytes of an array written as safetensors, of this type and these sizes.
fn read(desk: &Desk, name: &str, array: &str, element: Element, sizes: &[usize]) -> Vec<u8> {
    tensors::read(&std::fs::read(desk.path(name)).unwrap(), array, names(element).1, sizes)
}

/// Small whole numbers with repeats, also negative ones where there are any.
fn values(element: Element, count: usize) -> Vec<f64> {
    let low = if element == Element::U8 { 0.0 } else { -20.0 };
    (0..count).map(|at| f64::from(u8::try_from(at * 37 % 61).unwrap()) + low).collect()
}

#[test]
fn every_type_pools_alike_in_both_layouts_on_every_backend() {
    let desk = Desk::new();
    let mut failures = Vec::new();
    let sizes = [2, 3, 5, 6];
    let shape = Shape::nchw(sizes);
    for element in Element::ALL {
        let values = values(element, shape.elements());
        let bytes = element.encode(values.iter().copied());
        let x = write(&desk, "x", element, &sizes, &bytes);
        let (moved_sizes, moved) = channels_last(&sizes, &bytes, element.bytes());
        let moved = write(&desk, "moved", element, &moved_sizes, &moved);
        for (op, region, output) in [
            (r#""max""#, WINDOW, None),
            (r#""median""#, r#"{"adaptive": {"output_size": 3}}"#, None),
            (r#""average""#, WINDOW, None),
            (r#""sum""#, r#"{"channels": {"group": 3}}"#, Some(Element::F32)),
        ] {
            let json = format!(r#"{{"op": {op}, "region": {region}}}"#);
            desk.write("spec.json", &json);
            let pooling: Pooling = serde_json::from_str(&json).unwrap();
            let answer = reference::pool(&pooling, &shape, &values).unwrap();
            let (written, out) = (output.unwrap_or(element), answer.shape.sizes());
            let expected = reference::encode(&pooling, written, None, &answer.values);
            let (out_moved, expected_moved) = channels_last(&out, &expected, written.bytes());
            let flags = output.map_or_else(String::new, |output| format!("--output-type {output}"));
            for backend in BACKENDS {
                for (file, layout, out, expected) in
                    [(&x, "nchw", &out, &expected), (&moved, "nhwc", &out_moved, &expected_moved)]
                {
                    let line = format!("run spec.json {file} -o y.safetensors --layout {layout} --backend {backend} {flags}");
                    let done = desk.run(&line);
                    if !done.status.success() {
                        failures.push(format!("{line} of {element} {json}: {}", stderr(&done)));
                        continue;
                    }
                    let got = read(&desk, "y.safetensors", "y", written, out);
                    if got != *expected {
                        let [got, expected] = [&got, expected].map(|bytes| written.decode(bytes));
                        failures.push(format!("{line} of {element} {json}:\n{got:?}, not\n{expected:?}"));
                    }
                }
            }
        }
    }
    report(&failures);
}

#[test]
fn indices_of_every_convention_go_there_and_back_in_both_layouts() {
    let desk = Desk::new();
    let sizes = [2, 3, 5, 6];
    let shape = Shape::nchw(sizes);
    let bytes = Element::U8.encode(values(Element::U8, shape.elements()));
    let (moved_sizes, moved) = channels_last(&sizes, &bytes, 1);
    desk.write("x.npy", npy::file("|u1", &sizes, &bytes));
    desk.write("moved.npy", npy::file("|u1", &moved_sizes, &moved));
    let json = format!(r#"{{"op": "max", "region": {WINDOW}}}"#);
    desk.write("spec.json", &json);
    let pooling: Pooling = serde_json::from_str(&json).unwrap();
    let answer = reference::pool(&pooling, &shape, &bytes).unwrap();
    let (out, indices) = (answer.shape.sizes(), answer.indices.unwrap());
    let of_plane = out[2] * out[3];
    // What the indices keep, and nothing else.
    let mut kept = vec![0; bytes.len()];
    for (at, index) in indices.iter().enumerate() {
        let place = at / of_plane * 30 + index.unwrap();
        kept[place] = bytes[place];
    }
    for (name, convention) in [
        ("per_plane", IndexConvention::PerPlane),
        ("onnx_row_major", IndexConvention::OnnxRowMajor),
        ("onnx_column_major", IndexConvention::OnnxColumnMajor),
        ("tensorflow", IndexConvention::Tensorflow),
    ] {
        let encode = |(at, index): (usize, &Option<usize>)| {
            convention.encode(&shape, at / of_plane, u32::try_from(index.unwrap()).unwrap()).to_le_bytes()
        };
        let expected: Vec<u8> = indices.iter().enumerate().flat_map(encode).collect();
        let (out_moved, expected_moved) = channels_last(&out, &expected, 8);
        let kept_moved = channels_last(&sizes, &kept, 1).1;
        for backend in BACKENDS {
            for (file, layout, out, expected, sizes, kept) in [
                ("x.npy", "nchw", &out, &expected, &sizes[..], &kept),
                ("moved.npy", "nhwc", &out_moved, &expected_moved, &moved_sizes[..], &kept_moved),
            ] {
                let flags = format!("--layout {layout} --index-convention {name} --backend {backend}");
                desk.done(&format!("run spec.json {file} -o y.npy --indices i.npy {flags}"));
                let file = std::fs::read(desk.path("i.npy")).unwrap();
                let got: Vec<u8> = npy::read_i64s(&file, out).iter().flat_map(|index| index.to_le_bytes()).collect();
                assert_eq!(got, *expected, "{flags}");
                desk.done(&format!("unpool spec.json y.npy i.npy -o back.safetensors --output-size 5x6 {flags}"));
                assert_eq!(read(&desk, "back.safetensors", "x", Element::U8, sizes), *kept, "{flags}");
            }
        }
    }
}

#[test]
fn gradients_are_of_the_inputs_float_type_or_f32() {
    let desk = Desk::new();
    let sizes = [2, 4, 4, 6];
    desk.write("spec.json", r#"{"op": "average", "region": {"window": {"kernel_size": 2}}}"#);
    for element in Element::ALL {
        let own = if element.is_float() { element } else { Element::F32 };
        let bytes = element.encode(values(element, 192));
        // Every quarter is exact.
        let ahead: Vec<f64> = (0..48u8).map(|at| 4.0 * f64::from(at % 13)).collect();
        let back: Vec<f64> = (0..192).map(|at| ahead[at / 24 * 6 + at % 24 / 12 * 3 + at % 6 / 2] / 4.0).collect();
        for output in [own, Element::F32] {
            let (grads, expected) = (output.encode(ahead.iter().copied()), output.encode(back.iter().copied()));
            let flags = if output == own { String::new() } else { format!("--output-type {output}") };
            let (x_moved, ahead_moved) =
                (channels_last(&sizes, &bytes, element.bytes()), channels_last(&[2, 4, 2, 3], &grads, output.bytes()));
            let moved = channels_last(&sizes, &expected, output.bytes());
            for (layout, x, ahead, sizes, expected) in [
                ("nchw", (sizes.to_vec(), bytes.clone()), (vec![2, 4, 2, 3], grads.clone()), sizes.to_vec(), expected.clone()),
                ("nhwc", x_moved, ahead_moved, moved.0, moved.1),
            ] {
                let x = write(&desk, "x", element, &x.0, &x.1);
                let ahead = write(&desk, "ahead", output, &ahead.0, &ahead.1);
                for backend in BACKENDS {
                    let line =
                        format!("grad spec.json {x} {ahead} -o g.safetensors --layout {layout} --backend {backend} {flags}");
                    desk.done(&line);
                    assert_eq!(read(&desk, "g.safetensors", "grad_x", output, &sizes), expected, "{line} of {element}");
                }
            }
        }
    }
}

#[test]
fn sequences_are_read_in_both_layouts() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": "sequence"}"#);
    desk.write("x.npy", npy::file("|i1", &[1, 3, 2], &[1, 9, 5, 2, 3, 4]));
    desk.write("moved.npy", npy::file("|i1", &[1, 2, 3], &[1, 5, 3, 9, 2, 4]));
    desk.write("mask.npy", npy::file("|b1", &[1, 3], &[0, 1, 1]));
    for backend in BACKENDS {
        for line in ["x.npy", "moved.npy --layout nhwc"] {
            desk.done(&format!("run spec.json {line} -o y.npy --mask mask.npy --backend {backend}"));
            let file = std::fs::read(desk.path("y.npy")).unwrap();
            let (header, data) = npy::parts(&file);
            assert!(
                header.contains("'|i1'") && header.contains("(1, 2)") && data == [5, 4],
                "{line} {backend}: {header} {data:?}"
            );
        }
    }
}

#[test]
fn types_that_do_not_go_together_are_refused() {
    let mut table = Table::of("x.npy");
    let of = |descr: &str, size: usize| npy::file(descr, &[1, 1, 2, 2], &vec![0; 4 * size]);
    table.desk.write("half.npy", npy::file("<f2", &[1, 1, 1, 1], &[0; 2]));
    table.desk.write("single.npy", npy::f32s(&[1, 1, 1, 1], &[0.]));
    table.desk.write("byte.npy", npy::file("|u1", &[1, 1, 1, 1], &[0]));
    table.desk.write("bf.safetensors", tensors::file(&[("x", "BF16", &[1, 1, 1, 1], &[0; 2])]));
    table.look_again();
    let y = "-o y.npy --backend cpu";
    for (descr, size, line, named) in [
        (
            "<f2",
            2,
            "run spec.json x.npy --output-type bf16",
            "unsupported: results of bf16: results are f16, as the input is, or f32",
        ),
        ("|u1", 1, "run spec.json x.npy --output-type i32", "unsupported: results of i32"),
        ("|u1", 1, "run spec.json x.npy --output-type int8", "one of f32, f16, bf16, u8, i8, i32"),
        ("|u1", 1, "run spec.json x.npy --scale 0", "invalid scale: 0"),
        ("|u1", 1, "run spec.json x.npy --scale -1", "invalid scale: -1"),
        ("|u1", 1, "run spec.json x.npy --scale nan", "invalid scale: NaN"),
        ("|u1", 1, "run spec.json x.npy --scale 1e60", "invalid scale: inf"),
        ("|u1", 1, "run spec.json x.npy --scale 1 --zero-point 256", "invalid zero_point: 256; it must be from 0 to 255"),
        ("|i1", 1, "run spec.json x.npy --scale 1 --zero-point -129", "invalid zero_point: -129"),
        ("|i1", 1, "run spec.json x.npy --scale 1 --zero-point 0.5", "invalid value '0.5'"),
        ("|i1", 1, "run spec.json x.npy --output-scale 1 --output-zero-point 128", "invalid zero_point: 128"),
        ("|u1", 1, "run spec.json x.npy --output-type f32 --output-scale 2", "unsupported: quantised f32"),
        ("<i4", 4, "run spec.json x.npy --scale 1", "unsupported: quantised i32"),
        ("<f2", 2, "grad spec.json x.npy single.npy", "elements of f32; gradients of an input of f16 must be f16 here"),
        (
            "<f2",
            2,
            "grad spec.json x.npy half.npy --output-type f32",
            "elements of f16; gradients of an input of f16 must be f32",
        ),
        ("|u1", 1, "grad spec.json x.npy byte.npy", "elements of u8; gradients of an input of u8 must be f32 here"),
        ("<i4", 4, "grad spec.json x.npy half.npy", "elements of f16; gradients of an input of i32 must be f32 here"),
        ("|u1", 1, "grad spec.json x.npy single.npy --output-type u8", "unsupported: gradients of u8: they are f32"),
        ("<f2", 2, "unpool spec.json x.npy --output-type i8", "unsupported: results of i8"),
        ("<f4", 4, "run spec.json bf.safetensors", "bf16 in an NPY file: NumPy has no such type"),
        ("<f8", 8, "run spec.json x.npy", "invalid element type \"<f8\""),
        ("<i8", 8, "run spec.json x.npy", "invalid element type \"<i8\""),
        ("<f2", 2, "run spec.json bf.safetensors --layout nhwc", "bf16 in an NPY file"),
        ("|b1", 1, "run spec.json x.npy", "invalid element type \"|b1\""),
        ("<c8", 8, "run spec.json x.npy", "invalid element type \"<c8\""),
    ] {
        table.refuses(line, of(descr, size), &format!("{line} {y}"), named);
    }
    table.done(24);
}

#[test]
fn json_names_the_type() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": "global"}"#);
    desk.write("x.npy", npy::file("<f2", &[1, 2, 2, 1], &[0; 8]));
    for (flags, name, sizes) in
        [("", "f16", [1, 2, 1, 1]), ("--layout nhwc", "f16", [1, 1, 1, 1]), ("--output-type f32", "f32", [1, 2, 1, 1])]
    {
        let said = stdout(&desk.done(&format!("run spec.json x.npy -o y.npy --backend cpu --json {flags}")));
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["output_type"], &said["output_shape"]), (&name.into(), &serde_json::json!(sizes)), "{flags}");
    }
}

#[test]
fn empty_arrays_are_empty_in_both_layouts() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    for (layout, x, y) in [
        ("nchw", [0, 3, 4, 4], [0, 3, 2, 2]),
        ("nchw", [2, 0, 4, 4], [2, 0, 2, 2]),
        ("nhwc", [0, 4, 4, 3], [0, 2, 2, 3]),
        ("nhwc", [2, 4, 4, 0], [2, 2, 2, 0]),
    ] {
        desk.write("x.npy", npy::file("|u1", &x, &[]));
        desk.write("gy.npy", npy::f32s(&y, &[]));
        for backend in BACKENDS {
            let flags = format!("--layout {layout} --backend {backend}");
            desk.done(&format!("run spec.json x.npy -o y.npy --indices i.npy {flags}"));
            assert_eq!(npy::read_i64s(&std::fs::read(desk.path("i.npy")).unwrap(), &y), [0i64; 0], "{flags}");
            desk.done(&format!("unpool spec.json y.npy i.npy -o back.npy {flags}"));
            let back = std::fs::read(desk.path("back.npy")).unwrap();
            assert!(npy::parts(&back).1.is_empty() && npy::parts(&back).0.contains("'|u1'"), "{flags}");
            desk.done(&format!("grad spec.json x.npy gy.npy -o gx.npy {flags}"));
            assert_eq!(npy::read_f32s(&std::fs::read(desk.path("gx.npy")).unwrap(), &x), [0f32; 0], "{flags}");
        }
    }
}
