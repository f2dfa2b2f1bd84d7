//! `plunge run` and `plunge image` with files beside the input, on every backend.

use plunge::{Op, Pooling, RegionKind, Shape, SideInputs, reference};

use crate::{BACKENDS, Desk, npy, stderr};

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|at| f32::from(u8::try_from(at * 37 % 101).unwrap()) / 4.0 - 9.0).collect()
}

/// Runs one spec on every backend and compares with the library's reference.
fn check(desk: &Desk, sizes: &[usize], json: &str, flags: &str, sides: &SideInputs<'_>, per_channel: bool) {
    let input = values(sizes.iter().product());
    let mut pooling: Pooling = serde_json::from_str(json).unwrap();
    if let Op::Weighted { per_channel: own, .. } | Op::Gated { per_channel: own } = &mut pooling.op {
        *own = per_channel;
    }
    let expected = reference::pool_with(&pooling, &Shape::from_nchw(sizes).unwrap(), &input, sides).unwrap();
    #[allow(clippy::cast_possible_truncation, reason = "to be compared with f32")]
    let values: Vec<f32> = expected.values.iter().map(|&value| value as f32).collect();
    let mut first = (expected.shape.sizes(), values.clone());
    let mut last = npy::f32s_channels_last(&first.0, &values);
    if pooling.region.kind() == RegionKind::Sequence {
        first.0.remove(1);
        last = first.clone();
    }
    let (moved_sizes, moved) = npy::f32s_channels_last(sizes, &input);
    desk.write("x.npy", npy::f32s(sizes, &input));
    desk.write("moved.npy", npy::f32s(&moved_sizes, &moved));
    desk.write("spec.json", json);
    for backend in BACKENDS {
        for (file, layout, (out, expected)) in [("x.npy", "nchw", &first), ("moved.npy", "nhwc", &last)] {
            let line = format!("run spec.json {file} -o y.npy {flags} --layout {layout} --backend {backend}");
            let output = desk.run(&line);
            assert!(output.status.success(), "{line} {json}: {}", stderr(&output));
            let got = npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), out);
            assert_eq!(got.len(), expected.len());
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                assert!((got - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{line} {json}: {at}: {got}, not {expected}");
            }
        }
    }
}

#[test]
fn every_side_input_is_read_and_used() {
    let desk = Desk::new();
    let ints = |descr: &str, sizes: &[usize], bytes: Vec<u8>| npy::file(descr, sizes, &bytes);
    let boxes = [[0.0, 1.0, 1.0, 7.0, 6.0], [1.0, -2.0, 0.5, 30.0, 12.0], [0.0, 3.0, 3.0, 3.0, 3.0]];
    desk.write("boxes.npy", npy::f32s(&[3, 5], &boxes.concat()));
    let with_boxes = SideInputs::new().boxes(&boxes);
    for json in [
        r#"{"op": "max", "region": {"roi_pool": {"output_size": 2, "spatial_scale": 0.5}}}"#,
        r#"{"op": "average", "region": {"roi_align": {"output_size": [2, 3], "spatial_scale": 0.5, "aligned": false}}}"#,
        r#"{"op": "std", "region": {"roi_align": {"output_size": 1, "spatial_scale": 1, "position_sensitive": true}}}"#,
    ] {
        check(&desk, &[2, 3, 9, 11], json, "--boxes boxes.npy", &with_boxes, false);
    }

    let labels: Vec<i32> = (0..2 * 9 * 11).map(|at| at * at % 5 - 1).collect();
    desk.write("labels.npy", ints("<i4", &[2, 9, 11], labels.iter().flat_map(|l| l.to_le_bytes()).collect()));
    desk.write("wide.npy", ints(">i8", &[2, 9, 11], labels.iter().flat_map(|l| i64::from(*l).to_be_bytes()).collect()));
    for (count, flags) in [("", "--segments labels.npy"), (r#""count": 6, "empty": 2"#, "--segments wide.npy")] {
        let json = format!(r#"{{"op": "median", "region": {{"segments": {{{count}}}}}}}"#);
        check(&desk, &[2, 3, 9, 11], &json, flags, &SideInputs::new().labels(&labels), false);
    }

    let mask: Vec<u32> = (0..14).map(|at| u32::from(at % 3 != 0)).collect();
    desk.write("mask.npy", ints("|b1", &[2, 7], mask.iter().map(|&bit| u8::try_from(bit).unwrap()).collect()));
    for op in [r#""average""#, r#"{"weighted": {"preset": "position"}}"#, r#""last""#] {
        let json = format!(r#"{{"op": {op}, "region": "sequence"}}"#);
        check(&desk, &[2, 7, 5], &json, "--mask mask.npy", &SideInputs::new().mask(&mask), false);
        check(&desk, &[2, 7, 5], &json, "", &SideInputs::new(), false);
    }

    let shared = [0.5, -1.0, 2.0, 0.0, 1.5, 1.0];
    let own: Vec<f32> = (0..18u8).map(|at| f32::from(at % 5) / 2.0).collect();
    desk.write("shared.npy", npy::f32s(&[2, 3], &shared));
    desk.write("own.npy", npy::f32s(&[3, 2, 3], &own));
    for op in [r#"{"weighted": {"normalize": false}}"#, r#""gated""#] {
        let json = format!(r#"{{"op": {op}, "region": {{"window": {{"kernel_size": [2, 3], "stride": 1, "padding": 1}}}}}}"#);
        check(&desk, &[2, 3, 9, 11], &json, "--weights shared.npy", &SideInputs::new().weights(&shared), false);
        check(&desk, &[2, 3, 9, 11], &json, "--weights own.npy", &SideInputs::new().weights(&own), true);
    }
}

/// What mixes channels, or draws by the number of an output, is not taken apart by planes.
#[test]
fn images_that_belong_together_stay_together() {
    let desk = Desk::new();
    for (op, region) in [
        (r#""max""#, r#"{"channels": {"group": 2, "strided": true}}"#),
        (r#""sum""#, r#"{"channel_window": {"kernel_size": 3, "stride": 1, "padding": 1}}"#),
        (r#"{"stochastic": {"seed": 5, "mode": "sample"}}"#, r#"{"window": {"kernel_size": 3}}"#),
        (r#""max""#, r#"{"clusters": {"centroids": 3, "cells": [2, 1], "iterations": 2, "seed": 9, "coordinates": "both"}}"#),
    ] {
        let json = format!(r#"{{"op": {op}, "region": {region}}}"#);
        check(&desk, &[3, 4, 9, 11], &json, "", &SideInputs::new(), false);
    }
}

#[test]
fn a_picture_is_painted_by_its_segments() {
    let desk = Desk::new();
    let pixels =
        image::RgbImage::from_fn(6, 4, |x, y| image::Rgb([u8::try_from(x * 40).unwrap(), u8::try_from(y * 60).unwrap(), 7]));
    pixels.save(desk.path("in.png")).unwrap();
    image::GrayImage::from_fn(6, 4, |x, _| image::Luma([if x < 2 { 200 } else { 10 }])).save(desk.path("labels.png")).unwrap();
    for backend in BACKENDS {
        desk.done(&format!("image in.png -o out.png --op max --segments labels.png --backend {backend}"));
        let painted = image::open(desk.path("out.png")).unwrap().into_rgb8();
        for (x, _, pixel) in painted.enumerate_pixels() {
            assert_eq!(pixel.0, [if x < 2 { 40 } else { 200 }, 180, 7], "{backend}");
        }
    }
    image::GrayImage::new(5, 4).save(desk.path("small.png")).unwrap();
    let refused = desk.run("image in.png -o out.png --op max --segments small.png");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("4 x 5 pixels; the picture has 4 x 6"), "{}", stderr(&refused));
}

#[test]
fn what_stands_beside_the_input_is_refused_by_name() {
    let desk = Desk::new();
    desk.write("x.npy", npy::f32s(&[1, 2, 4, 4], &values(32)));
    desk.write("b.npy", npy::f32s(&[2, 5], &[0., 0., 0., 3., 3., 1., 0., 0., 3., 3.]));
    desk.write("four.npy", npy::f32s(&[2, 4], &values(8)));
    desk.write("s.npy", npy::file("<i4", &[1, 4, 4], &[0; 64]));
    desk.write("short.npy", npy::file("<i4", &[1, 4], &[0; 16]));
    let low = [[0xfe].as_slice(), &[0; 15]].concat();
    desk.write("low.npy", npy::file("|i1", &[1, 4, 4], &low));
    desk.write("far.npy", npy::file("<i8", &[1, 4, 4], &[0x7f; 128]));
    desk.write("floats.npy", npy::f32s(&[1, 4, 4], &values(16)));
    let roi = r#"{"op": "max", "region": {"roi_pool": {"output_size": 2, "spatial_scale": 1}}}"#;
    let segments = r#"{"op": "max", "region": "segments"}"#;
    let gated = r#"{"op": "gated", "region": {"window": {"kernel_size": 2}}}"#;
    for (spec, flags, named) in [
        (roi, "", "--boxes is missing"),
        (roi, "--boxes b.npy", "1 in row 1"),
        (roi, "--boxes four.npy", "[2, 4]; it must be [2, 5]"),
        (roi, "--boxes b.npy --segments s.npy", "a side file that nothing uses"),
        (segments, "", "--segments is missing"),
        (segments, "--segments short.npy", "[1, 4]; it must be [1, 4, 4]"),
        (segments, "--segments low.npy", "-2 at element 0"),
        (segments, "--segments far.npy", "out of range"),
        (segments, "--segments floats.npy", "int32 or int64"),
        (gated, "", "--weights is missing"),
        (gated, "--weights four.npy", "[2, 4]; it must be [2, 2]"),
        (gated, "--weights s.npy", "elements of type \"<i4\""),
    ] {
        desk.write("spec.json", spec);
        let output = desk.run(&format!("run spec.json x.npy -o y.npy {flags}"));
        assert_eq!(output.status.code(), Some(2), "{spec} {flags}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{spec} {flags}: {}", stderr(&output));
        assert!(!desk.path("y.npy").exists(), "{spec} {flags}");
    }
}

/// Both layers of a probabilistic max, probabilities and draws.
#[test]
fn the_detection_layer_is_written_beside_the_pooling_layer() {
    let desk = Desk::new();
    let sizes = [2, 3, 5, 8];
    let shape = Shape::from_nchw(&sizes).unwrap();
    let x: Vec<f32> = values(shape.elements()).into_iter().map(|value| value / 8.0).collect();
    desk.write("x.npy", npy::f32s(&sizes, &x));
    for mode in ["probabilities", "sample"] {
        let json = format!(
            r#"{{"op": {{"probabilistic_max": {{"seed": 5, "mode": "{mode}"}}}}, "region": {{"window": {{"kernel_size": 2}}}}}}"#
        );
        desk.write("spec.json", &json);
        let pooling: Pooling = serde_json::from_str(&json).unwrap();
        let wanted = reference::detection(&pooling, &shape, &x).unwrap();
        for backend in BACKENDS {
            desk.done(&format!("run spec.json x.npy -o y.npy --detection d.npy --backend {backend}"));
            let got = npy::read_f32s(&std::fs::read(desk.path("d.npy")).unwrap(), &sizes);
            for (at, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                assert!((f64::from(*got) - wanted).abs() <= 1e-6, "{mode} {backend} {at}: {got}, not {wanted}");
            }
        }
    }
    desk.write("max.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    for (line, says) in [
        ("run max.json x.npy -o z.npy --detection d2.npy", "the detection layer of max"),
        ("run spec.json x.npy -o z.npy --detection z.npy", "the same file"),
    ] {
        let output = desk.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(says) && !desk.path("z.npy").exists(), "{line}: {}", stderr(&output));
    }
}
