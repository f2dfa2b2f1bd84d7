//! Numbers at the ends of their ranges, and numbers that stand for reals, by hand on every backend.

use plunge::Element;

use crate::{Desk, npy, types::BACKENDS};

#[test]
fn quantised_numbers_stand_for_reals() {
    let desk = Desk::new();
    // Reals −1, 0, 1.5 and 2 by scale 0.5 and zero point 10; their means −0.5 and 1.75.
    desk.write("x.npy", npy::file("|u1", &[1, 1, 4], &[8, 10, 13, 14]));
    desk.write("average.json", r#"{"op": "average", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("max.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}, "activation": "relu"}"#);
    desk.write("plain.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("gy.npy", npy::f32s(&[1, 1, 2], &[2., 4.]));
    desk.write("square.json", r#"{"op": {"lp": {"p": 1}}, "region": {"window": {"kernel_size": 2}}}"#);
    let indices: Vec<u8> = [1i64, 2].iter().flat_map(|index| index.to_le_bytes()).collect();
    desk.write("y.npy", npy::file("|u1", &[1, 1, 2], &[9, 14]));
    desk.write("i.npy", npy::file("<i8", &[1, 1, 2], &indices));
    let scale = "--scale 0.5 --zero-point 10";
    for backend in BACKENDS {
        let bytes = |line: &str| {
            desk.done(&format!("{line} -o out.npy --backend {backend}"));
            npy::parts(&std::fs::read(desk.path("out.npy")).unwrap()).1.to_vec()
        };
        let floats = |line: &str| Element::F32.decode(&bytes(line));
        assert_eq!(bytes(&format!("run average.json x.npy {scale}")), [9, 14], "{backend}");
        assert_eq!(floats(&format!("run average.json x.npy {scale} --output-type f32")), [-0.5, 1.75], "{backend}");
        let finer = "--output-scale 0.25 --output-zero-point 100";
        assert_eq!(bytes(&format!("run average.json x.npy {scale} {finer}")), [98, 107], "{backend}");
        assert_eq!(bytes(&format!("run max.json x.npy {scale}")), [10, 14], "{backend}");
        // The slope of |x| is the sign of the real.
        assert_eq!(floats(&format!("grad square.json x.npy gy.npy {scale}")), [-2., 0., 4., 4.], "{backend}");
        assert_eq!(bytes(&format!("unpool plain.json y.npy i.npy {scale}")), [10, 9, 14, 10], "{backend}");
    }
}

#[test]
fn ends_of_ranges_and_specials_come_through() {
    let desk = Desk::new();
    let file = |descr: &str, bytes: Vec<u8>| npy::file(descr, &[1, 1, 4], &bytes);
    let wide = [i32::MAX, 16_777_217, 16_777_216, i32::MIN];
    desk.write("i32.npy", file("<i4", wide.map(i32::to_le_bytes).concat()));
    desk.write("swapped.npy", file(">i4", wide.map(i32::to_be_bytes).concat()));
    // NaN, an infinity, −0 and the smallest subnormal.
    desk.write("f16.npy", file("<f2", [0x7e00u16, 0xfc00, 0x8000, 1].map(u16::to_le_bytes).concat()));
    desk.write("u8.npy", file("|u1", vec![255, 254, 0, 1]));
    desk.write("i8.npy", file("|i1", vec![0x80, 0x81, 0x7f, 0x7f]));
    let ints = |all: &[i32]| all.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let halves = |all: &[u16]| all.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    for (input, op, expected) in [
        ("i32.npy", r#""max""#, ints(&[i32::MAX, 16_777_216])),
        ("swapped.npy", r#""min""#, ints(&[16_777_217, i32::MIN])),
        ("i32.npy", r#""median""#, ints(&[16_777_217, i32::MIN])),
        ("i32.npy", r#""sum""#, ints(&[i32::MIN + 16_777_216, i32::MIN + 16_777_216])),
        ("f16.npy", r#""max""#, halves(&[0x7e00, 1])),
        ("f16.npy", r#""first""#, halves(&[0x7e00, 0x8000])),
        ("f16.npy", r#""last""#, halves(&[0xfc00, 1])),
        ("u8.npy", r#""sum""#, vec![255, 1]),
        // 254.5 and 0.5 go to the even neighbour.
        ("u8.npy", r#""average""#, vec![254, 0]),
        ("i8.npy", r#""sum""#, vec![0x80, 0x7f]),
        ("i8.npy", r#""average""#, vec![0x80, 0x7f]),
    ] {
        desk.write("spec.json", format!(r#"{{"op": {op}, "region": {{"window": {{"kernel_size": 2}}}}}}"#));
        for backend in BACKENDS {
            desk.done(&format!("run spec.json {input} -o y.npy --backend {backend}"));
            let file = std::fs::read(desk.path("y.npy")).unwrap();
            assert_eq!(npy::parts(&file).1, expected, "{op} of {input} on {backend}");
        }
    }
}
