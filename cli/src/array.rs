//! NPY files: f32 arrays in, f32 and int64 arrays out.
//!
//! A header is believed only where the file's length agrees with it: nothing is allocated on its word alone.

use std::{
    fs::File,
    io::{BufReader, Read, Write},
    path::Path,
};

use crate::Failure;

mod header;

use header::Header;

/// An f32 array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its size on each axis.
    pub sizes: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

/// Reads an NPY file of `length` bytes: f32 in either byte order, row- or column-major.
///
/// # Errors
/// [`Failure::Refused`] where the file is malformed, not exactly as long as its header says, or of another element type.
pub fn read(mut source: impl Read, length: u64) -> Result<Array, Failure> {
    let (header, header_bytes) = Header::read(&mut source, length)?;
    let big_endian = header.element.f32_order()?;
    let decode = |bytes: [u8; 4]| if big_endian { f32::from_be_bytes(bytes) } else { f32::from_le_bytes(bytes) };
    let (sizes, values) = data(source, &header, length - header_bytes, decode)?;
    Ok(Array { sizes, values })
}

/// Reads an NPY file of `length` bytes of whole numbers, as [`read`] does floats; answers with its sizes and values.
///
/// # Errors
/// As [`read`].
pub fn read_integers(mut source: impl Read, length: u64) -> Result<(Vec<usize>, Vec<i64>), Failure> {
    let (header, header_bytes) = Header::read(&mut source, length)?;
    let (bytes, big_endian, signed) = header.element.integer()?;
    let rest = length - header_bytes;
    match bytes {
        1 => data(source, &header, rest, |[byte]: [u8; 1]| if signed { i64::from(byte.cast_signed()) } else { byte.into() }),
        4 => data(source, &header, rest, |bytes: [u8; 4]| {
            i64::from(if big_endian { i32::from_be_bytes(bytes) } else { i32::from_le_bytes(bytes) })
        }),
        _ => data(
            source,
            &header,
            rest,
            |bytes: [u8; 8]| {
                if big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
            },
        ),
    }
}

/// The elements that follow a header, `actual` bytes of them, row-major.
fn data<const BYTES: usize, T: Copy>(
    mut source: impl Read,
    header: &Header,
    actual: u64,
    decode: impl Fn([u8; BYTES]) -> T,
) -> Result<(Vec<usize>, Vec<T>), Failure> {
    let shape = || format!("an array of {:?}", header.sizes);
    let size = BYTES as u64;
    let elements = header
        .sizes
        .iter()
        .try_fold(1u64, |product, &size| product.checked_mul(size))
        .filter(|elements| elements.checked_mul(size).is_some_and(|bytes| i64::try_from(bytes).is_ok()))
        .ok_or_else(|| malformed(format!("{} is larger than any file", shape())))?;
    let expected = elements * size;
    if expected != actual {
        let fault = if expected > actual { "is cut short" } else { "has bytes left over" };
        return Err(malformed(format!("{} has {expected} bytes of data, and the file {fault}: {actual} bytes", shape())));
    }
    let sizes: Vec<usize> = header
        .sizes
        .iter()
        .map(|&size| usize::try_from(size))
        .collect::<Result<_, _>>()
        .map_err(|_| malformed(format!("{} does not fit this machine's memory", shape())))?;
    let count = usize::try_from(elements).unwrap_or(usize::MAX);
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| Failure::refused(format!("not enough memory for {}, {expected} bytes", shape())))?;
    let mut block = [0; 16 << 10];
    while values.len() < count {
        let bytes = (count - values.len()).saturating_mul(BYTES).min(block.len());
        let part = block.get_mut(..bytes).unwrap_or_default();
        source.read_exact(part).map_err(|error| malformed(format!("its data could not be read: {error}")))?;
        values.extend(part.as_chunks::<BYTES>().0.iter().map(|&bytes| decode(bytes)));
    }
    if header.column_major {
        values = row_major(&sizes, &values);
    }
    Ok((sizes, values))
}

/// Reads the array in a file.
pub(crate) fn read_file(path: &Path) -> Result<Array, Failure> {
    let (file, length) = open(path)?;
    read(file, length).map_err(|failure| failure.of_file(path))
}

/// Reads the whole numbers in a file.
pub(crate) fn read_integers_of(path: &Path) -> Result<(Vec<usize>, Vec<i64>), Failure> {
    let (file, length) = open(path)?;
    read_integers(file, length).map_err(|failure| failure.of_file(path))
}

fn open(path: &Path) -> Result<(BufReader<File>, u64), Failure> {
    let file = File::open(path).map_err(|error| Failure::unreadable(path, error))?;
    let about = file.metadata().map_err(|error| Failure::unreadable(path, error))?;
    if !about.is_file() {
        return Err(Failure::unreadable(path, "it is not a regular file"));
    }
    Ok((BufReader::new(file), about.len()))
}

/// Writes an f32 array.
pub(crate) fn write_f32(target: &mut impl Write, sizes: &[usize], values: &[f32]) -> std::io::Result<()> {
    header::write(target, "<f4", sizes)?;
    values.iter().try_for_each(|value| target.write_all(&value.to_le_bytes()))
}

/// Writes an int64 array.
pub(crate) fn write_i64(target: &mut impl Write, sizes: &[usize], values: &[i64]) -> std::io::Result<()> {
    header::write(target, "<i8", sizes)?;
    values.iter().try_for_each(|value| target.write_all(&value.to_le_bytes()))
}

fn malformed(why: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("malformed NPY file: {why}"))
}

/// Reorders values whose first axis is contiguous so that the last one is.
fn row_major<T: Copy>(sizes: &[usize], values: &[T]) -> Vec<T> {
    let strides: Vec<usize> = sizes
        .iter()
        .scan(1, |stride, &size| {
            let own = *stride;
            *stride *= size;
            Some(own)
        })
        .collect();
    let mut place = vec![0; sizes.len()];
    let mut from = 0;
    let mut reordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        reordered.push(values[from]);
        for axis in (0..sizes.len()).rev() {
            place[axis] += 1;
            from += strides[axis];
            if place[axis] < sizes[axis] {
                break;
            }
            from -= strides[axis] * sizes[axis];
            place[axis] = 0;
        }
    }
    reordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_major_arrays_come_out_row_major() {
        // numpy.arange(6).reshape(1, 2, 3), saved from its Fortran copy.
        assert_eq!(row_major(&[1, 2, 3], &[0., 3., 1., 4., 2., 5.]), [0., 1., 2., 3., 4., 5.]);
        assert!(row_major::<f32>(&[2, 0, 3], &[]).is_empty());
    }

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test")]
    fn what_is_written_reads_back() {
        let mut file = Vec::new();
        write_f32(&mut file, &[1, 1, 3], &[1.5, f32::INFINITY, -0.0]).unwrap();
        assert_eq!((file.len() - 12) % 64, 0, "data is aligned as numpy aligns it");
        let array = read(&file[..], file.len() as u64).unwrap();
        assert_eq!(array, Array { sizes: vec![1, 1, 3], values: vec![1.5, f32::INFINITY, -0.0] });
    }
}
