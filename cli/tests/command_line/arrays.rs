//! `plunge run` against the library's reference: every op in every region, over 1, 2 and 3 spatial axes.

use plunge::{Pooling, Shape, reference};

use crate::{BACKENDS, Desk, npy, report, stderr};

const OPS: [&str; 18] = [
    r#""max""#,
    r#"{"min": {}}"#,
    r#""sum""#,
    r#""average""#,
    r#"{"average": {"count_include_pad": false, "sqrt_divisor": true}}"#,
    r#"{"lp": {"p": 3}}"#,
    r#"{"lp": {"p": "inf"}}"#,
    r#"{"gaussian": {"sigma": 1.5}}"#,
    r#""std""#,
    r#""variance""#,
    r#"{"log_sum_exp": {"r": 2}}"#,
    r#"{"soft": {"beta": -1.5}}"#,
    r#"{"gem": {"p": 3}}"#,
    r#"{"mixed": {"alpha": 0.5}}"#,
    r#""first""#,
    r#""last""#,
    r#"{"rank": {"q": 0.25}}"#,
    r#""median""#,
];

const REGIONS: [&str; 4] = [
    r#"{"window": {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": true}}"#,
    r#"{"window": {"kernel_size": 2, "stride": 1, "padding": 2, "dilation": 4}}"#,
    r#"{"adaptive": {"output_size": 3}}"#,
    r#""global""#,
];

const SHAPES: [&[usize]; 3] = [&[2, 3, 13], &[2, 3, 9, 11], &[1, 2, 5, 7, 6]];

/// Values from −8 to 8 with repeats, so that ties happen.
fn values(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u8::try_from(state >> 26).unwrap()) / 4.0 - 8.0
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn every_op_in_every_region_over_every_number_of_axes_is_the_reference() {
    for (b, backend) in BACKENDS.into_iter().enumerate() {
        let mut failures = Vec::new();
        let desk = Desk::new();
        for (s, sizes) in SHAPES.into_iter().enumerate() {
            let input = values(sizes.iter().product());
            desk.write("x.npy", npy::f32s(sizes, &input));
            for (o, op) in OPS.into_iter().enumerate() {
                // The first backend takes all regions, the other one in turn.
                for (_, region) in REGIONS.into_iter().enumerate().filter(|(r, _)| b == 0 || (r + o + s) % 4 == 0) {
                    let json = format!(r#"{{"op": {op}, "region": {region}}}"#);
                    let pooling: Pooling = serde_json::from_str(&json).unwrap();
                    let expected = reference::pool(&pooling, &Shape::from_nchw(sizes).unwrap(), &input).unwrap();
                    desk.write("spec.json", &json);
                    let line = format!("run spec.json x.npy -o y.npy --backend {backend}");
                    let with_indices = if expected.indices.is_some() { " --indices i.npy" } else { "" };
                    let output = desk.run(&format!("{line}{with_indices}"));
                    if !output.status.success() {
                        failures.push(format!("{backend} {sizes:?} {json}: {}", stderr(&output)));
                        continue;
                    }
                    let got = npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), &expected.shape.sizes());
                    let far = |(_, (got, expected)): &(usize, (&f32, &f64))| {
                        f64::from(**got) != **expected && (f64::from(**got) - **expected).abs() > 1e-5 * expected.abs().max(1.0)
                    };
                    if got.len() != expected.values.len() {
                        failures.push(format!("{backend} {sizes:?} {json}: {} values", got.len()));
                    }
                    if let Some(first) = got.iter().zip(&expected.values).enumerate().find(far) {
                        failures.push(format!("{backend} {sizes:?} {json}: first differing (got, expected) {first:?}"));
                    }
                    if let Some(indices) = &expected.indices {
                        let expected: Vec<i64> =
                            indices.iter().map(|index| index.map_or(-1, |at| i64::try_from(at).unwrap())).collect();
                        let file = std::fs::read(desk.path("i.npy")).unwrap();
                        if npy::read_i64s(&file, &pooling.output_shape(&Shape::from_nchw(sizes).unwrap()).unwrap().sizes())
                            != expected
                        {
                            failures.push(format!("{backend} {sizes:?} {json}: indices differ"));
                        }
                    }
                }
            }
        }
        report(&failures);
    }
}

#[test]
fn empty_windows_have_index_minus_one_everywhere() {
    // Taps at −2 and 2 of two positions: none. The rest sees one position each.
    let desk = Desk::new();
    desk.write("x.npy", npy::f32s(&[1, 1, 2], &[5., 6.]));
    desk.write(
        "spec.json",
        r#"{"op": "max", "region": {"window": {"kernel_size": 2, "dilation": 4, "padding": 2, "stride": 1}}}"#,
    );
    for backend in ["cpu", "vulkan", "gl"] {
        desk.done(&format!("run spec.json x.npy -o y.npy --indices i.npy --index-convention per_plane --backend {backend}"));
        let read = |name| std::fs::read(desk.path(name)).unwrap();
        assert_eq!(npy::read_f32s(&read("y.npy"), &[1, 1, 2]), [f32::NEG_INFINITY; 2], "{backend}");
        assert_eq!(npy::read_i64s(&read("i.npy"), &[1, 1, 2]), [-1, -1], "{backend}");
    }
}

#[test]
fn byte_orders_and_axis_orders_read_alike() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": [1, 2]}}}"#);
    let ramp = [0., 1., 2., 3., 4., 5., 6., 7.];
    let data = |values: [f32; 8]| values.map(f32::to_le_bytes).concat();
    // The same array, its columns contiguous, as numpy.asfortranarray leaves it.
    let columns = data([0., 4., 1., 5., 2., 6., 3., 7.]);
    let header = |version: [u8; 2], text: &str| {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY", &version[..], &length[..], text.as_bytes(), &data(ramp)].concat()
    };
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 4), }\n";
    for (what, file) in [
        ("little endian", npy::f32s(&[1, 1, 2, 4], &ramp)),
        ("big endian", npy::f32s_big_endian(&[1, 1, 2, 4], &ramp)),
        ("column-major", npy::with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 2, 4), }", &columns)),
        (
            "keys in another order",
            npy::with_header(r#"{"shape":(1L,1L,2L,4L),"fortran_order":False,"descr":"<f4"}"#, &data(ramp)),
        ),
        ("version 2.0", header([2, 0], text)),
        ("version 3.0", header([3, 0], text)),
    ] {
        desk.write("x.npy", file);
        desk.done("run spec.json x.npy -o y.npy --backend cpu");
        let output = std::fs::read(desk.path("y.npy")).unwrap();
        assert_eq!(npy::read_f32s(&output, &[1, 1, 2, 2]), [1., 3., 5., 7.], "{what}");
    }
}

#[test]
fn zero_batches_and_channels_give_empty_files() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    for (input, output) in [([0, 3, 4, 4], [0, 3, 2, 2]), ([2, 0, 4, 6], [2, 0, 2, 3])] {
        desk.write("x.npy", npy::f32s(&input, &[]));
        for backend in ["cpu", "vulkan", "gl"] {
            desk.done(&format!("run spec.json x.npy -o y.npy --indices i.npy --backend {backend}"));
            assert!(npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), &output).is_empty());
            assert!(npy::read_i64s(&std::fs::read(desk.path("i.npy")).unwrap(), &output).is_empty());
        }
    }
}

#[test]
fn inputs_beyond_one_binding_are_pooled_in_groups_of_planes() {
    // 3 planes of 60 MiB; lavapipe and llvmpipe bind 128 MiB at most.
    let desk = Desk::new();
    let side = 15 << 10;
    let input: Vec<f32> = (0..3 * side * 1024).map(|at: usize| f32::from(u8::try_from(at % 251).unwrap())).collect();
    desk.write("x.npy", npy::f32s(&[1, 3, side, 1024], &input));
    desk.write("spec.json", r#"{"op": "max", "region": "global"}"#);
    for backend in BACKENDS {
        desk.done(&format!("run spec.json x.npy -o y.npy --indices i.npy --backend {backend}"));
        let read = |name| std::fs::read(desk.path(name)).unwrap();
        assert_eq!(npy::read_f32s(&read("y.npy"), &[1, 3, 1, 1]), [250.; 3], "{backend}");
        let plane = i64::try_from(side * 1024).unwrap();
        let expected: Vec<i64> = (0..3).map(|plane_at| (250 - plane_at * plane).rem_euclid(251)).collect();
        assert_eq!(npy::read_i64s(&read("i.npy"), &[1, 3, 1, 1]), expected, "{backend}");
    }
}
