//! `plunge grad`, on every backend, against the library's reference.

use plunge::{Op, Pooling, RegionKind, Shape, SideInputs, reference};

use crate::{BACKENDS, Desk, npy, stderr};

fn values(count: usize, step: usize) -> Vec<f32> {
    (0..count).map(|at| f32::from(u8::try_from(at * step % 101).unwrap()) / 4.0 - 9.0).collect()
}

fn check(desk: &Desk, sizes: &[usize], json: &str, flags: &str, sides: &SideInputs<'_>, learned: &[usize]) {
    let pooling: Pooling = serde_json::from_str(json).unwrap();
    let shape = Shape::from_nchw(sizes).unwrap();
    let mut out = sides.resolve(&pooling).output_shape(&shape).unwrap().sizes();
    if pooling.region.kind() == RegionKind::Sequence {
        out.remove(1);
    }
    let (x, ahead) = (values(sizes.iter().product(), 37), values(out.iter().product(), 29));
    let expected = reference::grad(&pooling, &shape, &x, &ahead, sides).unwrap();
    #[allow(clippy::cast_possible_truncation, reason = "to be compared with f32")]
    let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|&value| value as f32).collect() };
    let (back, parameters) = (narrow(&expected.input), narrow(&expected.parameters));
    let moved_x = npy::f32s_channels_last(sizes, &x);
    let moved_ahead =
        if out.len() < sizes.len() { (out.clone(), ahead.clone()) } else { npy::f32s_channels_last(&out, &ahead) };
    let moved_back = npy::f32s_channels_last(sizes, &back);
    desk.write("spec.json", json);
    for (layout, x, ahead, back) in
        [("nchw", (sizes.to_vec(), x), (out, ahead), (sizes.to_vec(), back)), ("nhwc", moved_x, moved_ahead, moved_back)]
    {
        desk.write("x.npy", npy::f32s(&x.0, &x.1));
        desk.write("gy.npy", npy::f32s(&ahead.0, &ahead.1));
        for backend in BACKENDS {
            let line = format!("grad spec.json x.npy gy.npy -o gx.npy {flags} --layout {layout} --backend {backend}");
            let output = desk.run(&line);
            assert!(output.status.success(), "{line} {json}: {}", stderr(&output));
            let mut pairs = vec![("gx.npy", &back.0[..], &back.1)];
            if !learned.is_empty() {
                pairs.push(("gw.npy", learned, &parameters));
            }
            for (file, sizes, expected) in pairs {
                let got = npy::read_f32s(&std::fs::read(desk.path(file)).unwrap(), sizes);
                assert_eq!(got.len(), expected.len());
                assert!(expected.iter().any(|value| *value != 0.0), "{json}: {file} is more than zeros");
                for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                    let off = (got - expected).abs();
                    assert!(off <= 2e-4 * expected.abs().max(1.0), "{line} {json}: {file} {at}: {got}, not {expected}");
                }
            }
        }
    }
}

#[test]
fn gradients_come_back_through_every_kind_of_spec() {
    let desk = Desk::new();
    let none = SideInputs::new();
    for json in [
        r#"{"op": "max", "region": {"window": {"kernel_size": 3, "stride": 2, "padding": 1}}}"#,
        r#"{"op": "average", "region": {"adaptive": {"output_size": 4}}, "activation": "tanh"}"#,
        r#"{"op": "std", "region": "global"}"#,
        r#"{"op": "median", "region": {"channels": {"group": 3}}}"#,
    ] {
        check(&desk, &[2, 3, 9, 11], json, "", &none, &[]);
    }
    let gem = r#"{"op": {"gem": {"p": 3}}, "region": {"window": {"kernel_size": 2}}}"#;
    check(&desk, &[1, 2, 8], gem, "--grad-weights gw.npy", &none, &[1]);
    let weights = [0.5, -1.0, 2.0, 0.0, 1.5, 1.0];
    desk.write("w.npy", npy::f32s(&[2, 3], &weights));
    for op in [r#"{"weighted": {"normalize": false}}"#, r#""gated""#] {
        let json = format!(r#"{{"op": {op}, "region": {{"window": {{"kernel_size": [2, 3], "stride": 1, "padding": 1}}}}}}"#);
        let sides = SideInputs::new().weights(&weights);
        check(&desk, &[2, 3, 5, 4], &json, "--weights w.npy --grad-weights gw.npy", &sides, &[2, 3]);
        assert!(!matches!(serde_json::from_str::<Pooling>(&json).unwrap().op, Op::Weighted { per_channel: true, .. }));
    }
    let mask: Vec<u32> = (0..14).map(|at| u32::from(at % 3 != 0)).collect();
    desk.write("mask.npy", npy::file("|b1", &[2, 7], &mask.iter().map(|&bit| u8::try_from(bit).unwrap()).collect::<Vec<_>>()));
    let sequence = r#"{"op": "average", "region": "sequence"}"#;
    check(&desk, &[2, 7, 5], sequence, "--mask mask.npy", &SideInputs::new().mask(&mask), &[]);
    let boxes = [[0.0, 1.0, 1.0, 7.0, 6.0], [1.0, -2.0, 0.5, 30.0, 12.0]];
    desk.write("boxes.npy", npy::f32s(&[2, 5], &boxes.concat()));
    let aligned = r#"{"op": "average", "region": {"roi_align": {"output_size": 2, "spatial_scale": 0.5}}}"#;
    check(&desk, &[2, 3, 9, 11], aligned, "--boxes boxes.npy", &SideInputs::new().boxes(&boxes), &[]);
}

#[test]
fn what_makes_no_gradient_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    desk.write("x.npy", npy::f32s(&[1, 1, 8], &values(8, 37)));
    desk.write("gy.npy", npy::f32s(&[1, 1, 4], &values(4, 29)));
    desk.write("wrong.npy", npy::f32s(&[1, 1, 5], &values(5, 29)));
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    for (line, says) in [
        ("grad spec.json x.npy wrong.npy -o gx.npy", "the output that it is the gradient of is [1, 1, 4]"),
        ("grad spec.json x.npy gy.npy -o gx.npy --grad-weights gw.npy", "gradients of max's weights"),
        ("grad spec.json x.npy gy.npy -o x.npy", "x.npy"),
        ("grad spec.json x.npy gy.npy -o gx.npy --mask gy.npy", "--mask"),
        ("grad spec.json x.npy missing.npy -o gx.npy", "missing.npy"),
        ("grad spec.json x.npy gy.npy -o gx.npy --layout nhwc", "x.npy is read as N = 1, C = 8 and spatial sizes [1]"),
    ] {
        let output = desk.run(&format!("{line} --backend cpu"));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{line}: {}", stderr(&output));
        assert!(!desk.path("gx.npy").exists() && !desk.path("gw.npy").exists(), "{line}");
    }
}
