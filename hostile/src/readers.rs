//! Any file: read, or refused, and nothing allocated on its word.

use std::io::Cursor;

use plunge_cli::{array, picture};

/// The bytes as every kind of file that the command line reads.
///
/// # Panics
/// Where something does not hold.
pub fn readers(data: &[u8]) -> bool {
    let (length, mut taken) = (data.len() as u64, false);
    if let Ok(array) = array::read(data, length) {
        whole(&array);
        taken = true;
    }
    if let Ok((sizes, numbers)) = array::read_integers(data, length) {
        assert_eq!(sizes.iter().product::<usize>(), numbers.len());
    }
    for name in [None, Some("x")] {
        if let Ok(array) = array::npz::open(Cursor::new(data), name).and_then(array::Source::whole) {
            whole(&array);
            taken = true;
        }
        if let Ok(array) = array::safetensors::open(Cursor::new(data), name).and_then(array::Source::whole) {
            whole(&array);
            taken = true;
        }
    }
    if let Ok(picture) = picture::read(Cursor::new(data)) {
        let (width, height) = (picture.image.width() as usize, picture.image.height() as usize);
        let pixel = usize::from(picture.image.color().bytes_per_pixel());
        assert_eq!(picture.image.as_bytes().len(), width * height * pixel);
        taken = true;
    }
    taken | plunge_cli::spec::read(data).is_ok()
}

/// An array has as many bytes as its sizes make.
fn whole(array: &array::Array) {
    assert_eq!(array.bytes.len(), array.sizes.iter().product::<usize>() * array.element.bytes());
    assert_eq!(array.values_f32().len(), array.sizes.iter().product::<usize>());
}
