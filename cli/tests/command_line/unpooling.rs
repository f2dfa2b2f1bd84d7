//! `plunge unpool`, on every backend: there and back by files, in every index convention.

use plunge::{IndexConvention, Pooling, Shape, reference};

use crate::{BACKENDS, Desk, npy, stderr};

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|at| f32::from(u8::try_from(at * 37 % 101).unwrap()) / 4.0 + 1.0).collect()
}

#[test]
fn max_comes_back_by_indices_of_every_convention() {
    let desk = Desk::new();
    let json = r#"{"op": "max", "region": {"window": {"kernel_size": [2, 3], "stride": 2, "padding": [[0, 1], [1, 1]]}}}"#;
    desk.write("spec.json", json);
    let sizes = [2, 3, 7, 10];
    let shape = Shape::from_nchw(&sizes).unwrap();
    let x = values(shape.elements());
    desk.write("x.npy", npy::f32s(&sizes, &x));
    let pooling: Pooling = serde_json::from_str(json).unwrap();
    let expected = reference::pool(&pooling, &shape, &x).unwrap();
    let out = expected.shape.sizes();
    let of_plane: usize = out[2..].iter().product();
    let indices = expected.indices.unwrap();
    for (name, convention) in [
        ("per_plane", IndexConvention::PerPlane),
        ("onnx_row_major", IndexConvention::OnnxRowMajor),
        ("onnx_column_major", IndexConvention::OnnxColumnMajor),
        ("tensorflow", IndexConvention::Tensorflow),
    ] {
        for backend in BACKENDS {
            let flags = format!("--index-convention {name} --backend {backend}");
            desk.done(&format!("run spec.json x.npy -o y.npy --indices i.npy {flags}"));
            let got = npy::read_i64s(&std::fs::read(desk.path("i.npy")).unwrap(), &out);
            for (at, (got, index)) in got.iter().zip(&indices).enumerate() {
                let index = u32::try_from(index.unwrap()).unwrap();
                assert_eq!(*got, convention.encode(&shape, at / of_plane, index), "{name} {backend} {at}");
            }
            desk.done(&format!("unpool spec.json y.npy i.npy -o x2.npy --output-size 7x10 {flags}"));
            let back = npy::read_f32s(&std::fs::read(desk.path("x2.npy")).unwrap(), &sizes);
            for (at, (back, x)) in back.iter().zip(&x).enumerate() {
                let chosen = indices.iter().enumerate().any(|(o, index)| o / of_plane == at / 70 && *index == Some(at % 70));
                assert_eq!(*back, if chosen { *x } else { 0.0 }, "{name} {backend} {at}");
            }
        }
    }
}

#[test]
fn other_ops_are_spread_or_go_to_the_nearest() {
    let desk = Desk::new();
    let sizes = [1, 2, 4, 5];
    let y = values(40);
    desk.write("y.npy", npy::f32s(&sizes, &y));
    for (json, size, flags) in [
        (r#"{"op": "average", "region": {"window": {"kernel_size": 2}}}"#, vec![1, 2, 8, 10], ""),
        (
            r#"{"op": {"gaussian": {"sigma": 1}}, "region": {"window": {"kernel_size": 3, "stride": 2, "padding": 1}}}"#,
            vec![1, 2, 7, 9],
            "",
        ),
        (r#"{"op": "median", "region": {"adaptive": {"output_size": [4, 5]}}}"#, vec![1, 2, 11, 13], "--output-size 11x13"),
    ] {
        desk.write("spec.json", json);
        let pooling: Pooling = serde_json::from_str(json).unwrap();
        let [pooled, restored] = [&sizes[..], &size].map(|sizes| Shape::from_nchw(sizes).unwrap());
        let expected = reference::unpool(&pooling, &pooled, &restored, &y, None).unwrap();
        for backend in BACKENDS {
            desk.done(&format!("unpool spec.json y.npy -o x.npy {flags} --backend {backend}"));
            let got = npy::read_f32s(&std::fs::read(desk.path("x.npy")).unwrap(), &size);
            for (at, (got, expected)) in got.iter().zip(&expected).enumerate() {
                assert!(
                    (f64::from(*got) - expected).abs() <= 1e-5 * expected.abs(),
                    "{json} {backend} {at}: {got}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_put_back_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("global.json", r#"{"op": "max", "region": "global"}"#);
    desk.write("average.json", r#"{"op": "average", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("y.npy", npy::f32s(&[1, 1, 4], &values(4)));
    let indices = |name: &str, all: &[i64]| {
        let bytes: Vec<u8> = all.iter().flat_map(|index| index.to_le_bytes()).collect();
        desk.write(name, npy::file("<i8", &[1, 1, all.len()], &bytes));
    };
    indices("i.npy", &[0, 3, 5, 7]);
    indices("few.npy", &[0, 3, 5]);
    indices("minus.npy", &[0, -1, 5, 7]);
    indices("size.npy", &[0, 3, 8, 7]);
    indices("wide.npy", &[0, 3, 5, (1 << 32) + 3]);
    for (line, says) in [
        ("unpool spec.json y.npy -o x.npy", "indices"),
        ("unpool spec.json y.npy few.npy -o x.npy", "[1, 1, 4]"),
        ("unpool spec.json y.npy minus.npy -o x.npy", "-1 at element 1"),
        ("unpool spec.json y.npy size.npy -o x.npy", "8 at element 2"),
        ("unpool spec.json y.npy wide.npy -o x.npy", "4294967299 at element 3"),
        ("unpool spec.json y.npy i.npy -o x.npy --output-size 11", "within one stride of 8"),
        ("unpool spec.json y.npy i.npy -o x.npy --output-size 8x8", "output_size"),
        ("unpool global.json y.npy i.npy -o x.npy", "output_size"),
        ("unpool average.json y.npy i.npy -o x.npy", "average has none"),
        ("unpool spec.json y.npy i.npy -o x.npy --layout nhwc", "3 at element 1; it must be from 0 to 1"),
    ] {
        for backend in BACKENDS {
            let output = desk.run(&format!("{line} --backend {backend}"));
            assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
            assert!(stderr(&output).contains(says), "{line}: {}", stderr(&output));
            assert!(!desk.path("x.npy").exists(), "{line}");
        }
    }
}
