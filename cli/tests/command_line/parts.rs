//! Arrays that are read, pooled and written in groups of planes or images.

use crate::{
    BACKENDS, Desk, npy, stderr,
    zip::{Member, archive},
};

const HALVE: &str = r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#;

/// Planes of 2 MiB of bytes, each the other's like but shifted, with the places of the greatest.
struct Planes {
    count: usize,
    bytes: Vec<u8>,
    greatest: Vec<u8>,
    indices: Vec<i64>,
}

const SIDES: [usize; 2] = [2048, 1024];

fn planes(count: usize) -> Planes {
    let [height, width] = SIDES;
    let value = |plane: usize, at: usize| u8::try_from((at * 31 + at / width * 17 + plane * 53) % 251).unwrap();
    let bytes = (0..count).flat_map(|plane| (0..height * width).map(move |at| value(plane, at))).collect();
    let (mut greatest, mut indices) = (Vec::new(), Vec::new());
    for plane in 0..count {
        for (y, x) in (0..height).step_by(2).flat_map(|y| (0..width).step_by(2).map(move |x| (y, x))) {
            let taps = [0, 1, width, width + 1].map(|step| y * width + x + step);
            let best =
                taps.into_iter().reduce(|best, at| if value(plane, at) > value(plane, best) { at } else { best }).unwrap();
            greatest.push(value(plane, best));
            indices.push(i64::try_from(best).unwrap());
        }
    }
    Planes { count, bytes, greatest, indices }
}

#[test]
fn groups_of_odd_sizes_are_the_whole() {
    let desk = Desk::new();
    desk.write("spec.json", HALVE);
    // Input, output and indices of a plane are 6.5 MiB: four planes a group and one left over.
    let Planes { count, bytes, greatest, indices } = planes(9);
    let [height, width] = SIDES;
    desk.write("x.npy", npy::file("|u1", &[3, 3, height, width], &bytes));
    for backend in BACKENDS {
        desk.done(&format!(
            "run spec.json x.npy -o y.npy --indices i.npy --index-convention onnx_row_major --backend {backend}"
        ));
        let out = [3, 3, height / 2, width / 2];
        let y = std::fs::read(desk.path("y.npy")).unwrap();
        assert!(npy::parts(&y).1 == greatest, "{backend}");
        let got = npy::read_i64s(&std::fs::read(desk.path("i.npy")).unwrap(), &out);
        let of_plane = indices.len() / count;
        let plane = i64::try_from(height * width).unwrap();
        let whole = indices.iter().enumerate().map(|(at, index)| index + i64::try_from(at / of_plane).unwrap() * plane);
        assert!(got.iter().copied().eq(whole), "{backend}");
        // And back: each value where it was, 0 elsewhere.
        desk.done(&format!("unpool spec.json y.npy i.npy -o back.npy --index-convention onnx_row_major --backend {backend}"));
        let mut kept = vec![0; bytes.len()];
        for (value, index) in greatest.iter().zip(&got) {
            kept[usize::try_from(*index).unwrap()] = *value;
        }
        assert!(npy::parts(&std::fs::read(desk.path("back.npy")).unwrap()).1 == kept, "{backend}");
    }
}

#[test]
fn images_with_channels_last_are_read_one_by_one() {
    let desk = Desk::new();
    desk.write("spec.json", HALVE);
    let [height, width] = SIDES;
    let Planes { bytes, greatest, .. } = planes(9);
    let moved = |bytes: &[u8]| -> Vec<u8> {
        let of_plane = bytes.len() / 9;
        bytes.chunks(3 * of_plane).flat_map(|image| (0..3 * of_plane).map(|at| image[at % 3 * of_plane + at / 3])).collect()
    };
    desk.write("x.npy", npy::file("|u1", &[3, height, width, 3], &moved(&bytes)));
    for backend in BACKENDS {
        desk.done(&format!("run spec.json x.npy -o y.npy --layout nhwc --backend {backend}"));
        assert!(npy::parts(&std::fs::read(desk.path("y.npy")).unwrap()).1 == moved(&greatest), "{backend}");
    }
}

#[test]
fn gradients_come_in_groups_too() {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "average", "region": {"window": {"kernel_size": 2}}}"#);
    // 4, 1 and 4 MiB a plane: three planes a group and one left over.
    let (planes, side) = (7, 1024);
    let values = |count: usize| -> Vec<f32> { (0..count).map(|at| f32::from(u8::try_from(at % 251).unwrap())).collect() };
    let ahead = values(planes * side * side / 4);
    desk.write("x.npy", npy::f32s(&[planes, 1, side, side], &values(planes * side * side)));
    desk.write("gy.npy", npy::f32s(&[planes, 1, side / 2, side / 2], &ahead));
    desk.done("grad spec.json x.npy gy.npy -o gx.npy --backend vulkan");
    let back = npy::read_f32s(&std::fs::read(desk.path("gx.npy")).unwrap(), &[planes, 1, side, side]);
    let own = |at: usize| ahead[at / (2 * side) * (side / 2) + at % side / 2] / 4.0;
    assert!(back.iter().enumerate().all(|(at, got)| *got == own(at)));
}

/// The checksum is only known to be wrong once all planes have been pooled.
#[test]
fn damage_that_shows_late_leaves_no_output() {
    let desk = Desk::new();
    desk.write("spec.json", HALVE);
    let file = npy::file("|u1", &[4, 2, 8, 8], &[7; 512]);
    let good = archive(&[Member::stored("x.npy", &file)]);
    let mut bad = good.clone();
    let last = good.windows(16).rposition(|window| window == [7; 16]).unwrap();
    bad[last] = 8;
    desk.write("x.npz", &bad);
    desk.write("y.npy", "old");
    for backend in ["cpu", "vulkan"] {
        let output = desk.run(&format!("run spec.json x.npz -o y.npy --indices i.npy --backend {backend}"));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("checksum"), "{}", stderr(&output));
        assert_eq!(std::fs::read(desk.path("y.npy")).unwrap(), b"old");
        assert_eq!(desk.names(), ["spec.json", "x.npz", "y.npy"]);
    }
}

/// A file of 768 MiB, which its file system holds as a hole, in a process that never has more than half of that.
#[cfg(target_os = "linux")]
#[test]
fn arrays_larger_than_memory_are_pooled() {
    use std::io::{Seek as _, SeekFrom, Write as _};
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 16}}}"#);
    let (planes, side) = (192, 1024usize);
    let header = npy::f32s(&[planes, 1, side, side], &[]);
    let mut file = std::fs::File::create(desk.path("x.npy")).unwrap();
    file.write_all(&header).unwrap();
    file.set_len(header.len() as u64 + (planes * side * side * 4) as u64).unwrap();
    // One value in the last window of every plane.
    for plane in 0..planes {
        let at = (plane + 1) * side * side * 4 - 4;
        file.seek(SeekFrom::Start((header.len() + at) as u64)).unwrap();
        file.write_all(&f32::from(u8::try_from(plane).unwrap()).to_le_bytes()).unwrap();
    }
    drop(file);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("plunge"))
        .current_dir(desk.folder.path())
        .args("run spec.json x.npy -o y.npy --backend vulkan".split(' '))
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        let about = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = about.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(status.success());
    assert!(most > 0 && most < 384 << 10, "{most} KiB of memory");
    let got = npy::read_f32s(&std::fs::read(desk.path("y.npy")).unwrap(), &[planes, 1, 64, 64]);
    for (plane, values) in got.chunks(64 * 64).enumerate() {
        let (last, rest) = values.split_last().unwrap();
        assert!(*last == f32::from(u8::try_from(plane).unwrap()) && rest.iter().all(|value| *value == 0.0), "{plane}");
    }
}
