//! An array that is being read: first what it is, then its elements in order, in parts.

use std::{
    io::{Cursor, Read},
    path::PathBuf,
};

use plunge::Element;

use super::{Array, Container, Dtype};
use crate::Failure;

/// N, C and three spatial axes; many more, to say that there are too many.
pub(super) const MOST_AXES: usize = 32;
/// Bytes that are read at once where an array is read whole but its length is a claim.
const BLOCK: usize = 1 << 20;

/// What a header says of an array.
pub(super) struct Header {
    /// The element type as the file has it.
    pub(super) spelled: String,
    pub(super) dtype: Dtype,
    pub(super) big_endian: bool,
    pub(super) column_major: bool,
    pub(super) sizes: Vec<u64>,
}

/// An array in a file, open.
pub struct Source<'a> {
    container: Container,
    dtype: Dtype,
    spelled: String,
    sizes: Vec<usize>,
    big_endian: bool,
    column_major: bool,
    /// Elements in all, and those that are still to be read.
    elements: usize,
    left: usize,
    /// Whether the file is long enough for the elements that its header claims.
    vouched: bool,
    ended: bool,
    data: Box<dyn Read + Send + 'a>,
    /// What refusals call it.
    pub(super) asked: Option<PathBuf>,
}

impl<'a> Source<'a> {
    /// An array whose elements `data` yields, `actual` bytes of them; `vouched` says that these are really there.
    pub(super) fn new(
        container: Container,
        header: Header,
        actual: u64,
        vouched: bool,
        data: Box<dyn Read + Send + 'a>,
    ) -> Result<Self, Failure> {
        let shape = || format!("an array of {:?}", header.sizes);
        let bytes = header.dtype.bytes() as u64;
        let elements = header
            .sizes
            .iter()
            .try_fold(1u64, |product, &size| product.checked_mul(size))
            .filter(|elements| elements.checked_mul(bytes).is_some_and(|bytes| i64::try_from(bytes).is_ok()))
            .ok_or_else(|| container.malformed(format!("{} is larger than any file", shape())))?;
        let expected = elements * bytes;
        if expected != actual {
            let fault = if expected > actual { "is cut short" } else { "has bytes left over" };
            let why = format!("{} has {expected} bytes of data, and the file {fault}: {actual} bytes", shape());
            return Err(container.malformed(why));
        }
        let too_large = |_| container.malformed(format!("{} does not fit this machine's memory", shape()));
        let sizes = header.sizes.iter().map(|&size| usize::try_from(size)).collect::<Result<_, _>>().map_err(too_large)?;
        // Bytes are counted in usize too.
        let elements = usize::try_from(expected).map_err(too_large)? / header.dtype.bytes();
        let Header { spelled, dtype, big_endian, column_major, .. } = header;
        let left = elements;
        Ok(Self {
            container,
            dtype,
            spelled,
            sizes,
            big_endian,
            column_major,
            elements,
            left,
            vouched,
            ended: false,
            data,
            asked: None,
        })
    }

    /// What its elements are.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its size on each axis.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// How many elements it has.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// What its values are.
    ///
    /// # Errors
    /// [`Failure::Refused`] where they are no [`Element`] but int64 or bool.
    pub fn element(&self) -> Result<Element, Failure> {
        match self.dtype {
            Dtype::Element(element) => Ok(element),
            _ => Err(self.of_file(Failure::refused(format!(
                "invalid element type {:?}: values must be f32, f16, bf16, u8, i8 or i32; convert with .astype('<f4')",
                self.spelled
            )))),
        }
    }

    /// Refuses what is no floating-point type.
    pub(crate) fn only_floats(self) -> Result<Self, Failure> {
        self.only(Element::is_float, "boxes and weights are floats")
    }

    fn only(self, taken: impl FnOnce(Element) -> bool, because: &str) -> Result<Self, Failure> {
        if taken(self.element()?) {
            return Ok(self);
        }
        let (what, because) =
            (format!("elements of type {:?}", self.spelled), format!("{because}; convert with .astype('<f4')"));
        Err(self.of_file(Failure::unsupported(what, because)))
    }

    /// Puts the next elements in `part`, in place of what was there: `most` of them, or as many as are left. They are row-major and in this
    /// machine's byte order. Answers with how many; 0 after the last, and then the file was whole.
    ///
    /// A column-major array is read whole for its first part.
    ///
    /// # Errors
    /// [`Failure::Refused`] where the file is cut short, goes on after the last element or is damaged.
    pub fn part(&mut self, most: usize, part: &mut Vec<u8>) -> Result<usize, Failure> {
        part.clear();
        let read = if self.column_major { self.reorder() } else { Ok(()) };
        read.and_then(|()| self.read(most, part)).map_err(|failure| self.of_file(failure))
    }

    /// The whole array.
    ///
    /// # Errors
    /// As [`part`](Self::part), [`element`](Self::element), and where there is not enough memory.
    pub fn whole(mut self) -> Result<Array, Failure> {
        let element = self.element()?;
        let bytes = self.all()?;
        Ok(Array { element, sizes: self.sizes, bytes })
    }

    /// The whole array, its elements whole numbers; answers with its sizes and elements.
    ///
    /// # Errors
    /// As [`part`](Self::part), and where its elements have fractions.
    pub fn whole_numbers(self) -> Result<(Vec<usize>, Vec<i64>), Failure> {
        let mut source = self.only_whole_numbers()?;
        let mut numbers = Vec::new();
        let reserved = if source.vouched { numbers.try_reserve_exact(source.left) } else { Ok(()) };
        reserved.map_err(|_| source.no_memory())?;
        loop {
            let part = source.part_of_numbers(BLOCK)?;
            if part.is_empty() {
                return Ok((source.sizes, numbers));
            }
            numbers.extend(part);
        }
    }

    /// Refuses elements that have fractions.
    pub(crate) fn only_whole_numbers(self) -> Result<Self, Failure> {
        if self.dtype.whole_numbers(&[]).is_some() {
            return Ok(self);
        }
        Err(self.of_file(Failure::refused(format!(
            "invalid element type {:?}: it must be int32 or int64 ('<i4' or '<i8'), int8, uint8 or bool",
            self.spelled
        ))))
    }

    /// The next whole numbers, as [`part`](Self::part) gives them.
    pub(crate) fn part_of_numbers(&mut self, most: usize) -> Result<Vec<i64>, Failure> {
        let mut part = Vec::new();
        self.part(most, &mut part)?;
        Ok(self.dtype.whole_numbers(&part).unwrap_or_default())
    }

    /// All that is left, as [`part`](Self::part) gives it.
    fn all(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.part(usize::MAX, &mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, most: usize, part: &mut Vec<u8>) -> Result<usize, Failure> {
        let count = most.min(self.left);
        let bytes = count * self.dtype.bytes();
        if self.vouched {
            part.try_reserve_exact(bytes).map_err(|_| self.no_memory())?;
        }
        // Where the length is a claim, memory grows with what is really read.
        let read = self.data.by_ref().take(bytes as u64).read_to_end(part).map_err(|error| self.unread(&error))?;
        if read != bytes {
            let why = format!("an array of {:?} is cut short, {} bytes before its end", self.sizes, bytes - read);
            return Err(self.container.malformed(why));
        }
        self.left -= count;
        if self.big_endian != cfg!(target_endian = "big") {
            self.dtype.swap(part);
        }
        if self.left == 0 && !self.ended {
            let after = self.data.read(&mut [0]).map_err(|error| self.unread(&error))?;
            if after > 0 {
                let why = format!("an array of {:?} has bytes left over after its last element", self.sizes);
                return Err(self.container.malformed(why));
            }
            self.ended = true;
        }
        Ok(count)
    }

    /// Reads all of a column-major array, to go on with its elements row-major.
    fn reorder(&mut self) -> Result<(), Failure> {
        let mut columns = Vec::new();
        let count = self.read(usize::MAX, &mut columns)?;
        let rows = match self.dtype.bytes() {
            1 => row_major::<1>(&self.sizes, &columns),
            2 => row_major::<2>(&self.sizes, &columns),
            4 => row_major::<4>(&self.sizes, &columns),
            _ => row_major::<8>(&self.sizes, &columns),
        };
        self.data = Box::new(Cursor::new(rows.ok_or_else(|| self.no_memory())?));
        (self.column_major, self.big_endian, self.left) = (false, cfg!(target_endian = "big"), count);
        Ok(())
    }

    fn unread(&self, error: &std::io::Error) -> Failure {
        if error.kind() == std::io::ErrorKind::OutOfMemory {
            return self.no_memory();
        }
        self.container.malformed(format!("its data could not be read: {error}"))
    }

    fn no_memory(&self) -> Failure {
        let bytes = self.elements.saturating_mul(self.dtype.bytes());
        Failure::refused(format!("not enough memory for an array of {:?}, {bytes} bytes", self.sizes))
    }

    fn of_file(&self, failure: Failure) -> Failure {
        match &self.asked {
            Some(path) => failure.of_file(path),
            None => failure,
        }
    }
}

/// Reorders elements whose first axis is contiguous so that the last one is; none where there is no memory for it.
fn row_major<const BYTES: usize>(sizes: &[usize], bytes: &[u8]) -> Option<Vec<u8>> {
    let elements = bytes.as_chunks::<BYTES>().0;
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
    let mut reordered = Vec::new();
    reordered.try_reserve_exact(bytes.len()).ok()?;
    for _ in 0..elements.len() {
        reordered.extend_from_slice(&elements[from]);
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
    Some(reordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_major_arrays_come_out_row_major() {
        // numpy.arange(6).reshape(1, 2, 3), saved from its Fortran copy.
        assert_eq!(row_major::<1>(&[1, 2, 3], &[0, 3, 1, 4, 2, 5]), Some(vec![0, 1, 2, 3, 4, 5]));
        let twice = [0, 0, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5];
        assert_eq!(row_major::<2>(&[2, 3], &twice), Some(vec![0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]));
        assert_eq!(row_major::<4>(&[2, 0, 3], &[]), Some(vec![]));
    }
}
