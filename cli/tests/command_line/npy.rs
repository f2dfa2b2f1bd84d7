//! NPY files, written and read here apart from the code under test.

/// A file of these values, of the element type `descr`, with a version 1.0 header.
pub(crate) fn file(descr: &str, sizes: &[usize], data: &[u8]) -> Vec<u8> {
    let sizes: String = sizes.iter().map(|size| format!("{size}, ")).collect();
    with_header(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}"), data)
}

/// A version 1.0 file with any header.
pub(crate) fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

pub(crate) fn f32s(sizes: &[usize], values: &[f32]) -> Vec<u8> {
    file("<f4", sizes, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

pub(crate) fn f32s_big_endian(sizes: &[usize], values: &[f32]) -> Vec<u8> {
    file(">f4", sizes, &values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>())
}

/// The header's text and the data after it.
pub(crate) fn parts(file: &[u8]) -> (String, &[u8]) {
    assert_eq!(file[..8], *b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([file[8], file[9]]));
    assert_eq!((10 + length) % 64, 0);
    (String::from_utf8(file[10..10 + length].to_vec()).unwrap(), &file[10 + length..])
}

/// The values of an f32 file, which must have these sizes.
pub(crate) fn read_f32s(file: &[u8], sizes: &[usize]) -> Vec<f32> {
    let (header, data) = parts(file);
    check(&header, "<f4", sizes);
    data.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// The values of an int64 file, which must have these sizes.
pub(crate) fn read_i64s(file: &[u8], sizes: &[usize]) -> Vec<i64> {
    let (header, data) = parts(file);
    check(&header, "<i8", sizes);
    data.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn check(header: &str, descr: &str, sizes: &[usize]) {
    let list: Vec<String> = sizes.iter().map(usize::to_string).collect();
    // A tuple of one keeps its comma.
    let comma = if sizes.len() == 1 { "," } else { "" };
    let expected = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}", list.join(", "));
    assert_eq!(header.trim_end(), expected);
}

/// Elements of `size` bytes with channels first, put in the order of channels last, and their sizes then.
pub(crate) fn channels_last(sizes: &[usize], bytes: &[u8], size: usize) -> (Vec<usize>, Vec<u8>) {
    let [n, c] = [sizes[0], sizes[1]];
    let positions: usize = sizes[2..].iter().product();
    let mut moved = Vec::new();
    for (image, position) in (0..n).flat_map(|image| (0..positions).map(move |position| (image, position))) {
        for channel in 0..c {
            let at = (image * c + channel) * positions + position;
            moved.extend_from_slice(&bytes[at * size..(at + 1) * size]);
        }
    }
    ([&sizes[..1], &sizes[2..], &sizes[1..2]].concat(), moved)
}

/// The same of f32 values.
pub(crate) fn f32s_channels_last(sizes: &[usize], values: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let (sizes, moved) = channels_last(sizes, &bytes, 4);
    (sizes, moved.chunks_exact(4).map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap())).collect())
}
