//! Files of arrays: NPY, NPZ and safetensors, read and written whole or in parts.
//!
//! What is read is row-major and in this machine's byte order, whatever the file has. A header is believed only where the file's length agrees
//! with it, or as far as data really follow: nothing is allocated on its word alone.

use std::{
    borrow::Cow,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use plunge::Element;

use crate::Failure;

mod dtype;
pub mod npy;
pub mod npz;
mod place;
pub mod safetensors;
mod sink;
mod source;
#[cfg(test)]
mod tests;
mod zipped;

pub(crate) use place::Place;
pub use {
    dtype::Dtype,
    place::Container,
    sink::{Declared, Sink},
    source::Source,
};

/// An array, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    /// What its values are.
    pub element: Element,
    /// Its size on each axis.
    pub sizes: Vec<usize>,
    /// Its values in this machine's byte order, as many as its sizes make.
    pub bytes: Vec<u8>,
}

impl Array {
    /// Its values as f32, rounded where they do not fit one.
    #[must_use]
    pub fn values_f32(&self) -> Cow<'_, [f32]> {
        match bytemuck::try_cast_slice(&self.bytes) {
            Ok(values) if self.element == Element::F32 => Cow::Borrowed(values),
            #[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
            _ => Cow::Owned(self.element.decode(&self.bytes).into_iter().map(|value| value as f32).collect()),
        }
    }
}

/// Reads an NPY file of `length` bytes.
///
/// # Errors
/// [`Failure::Refused`] where the file is malformed, not exactly as long as its header says, or its elements are no [`Element`].
pub fn read(source: impl Read + Send, length: u64) -> Result<Array, Failure> {
    npy::open(source, length)?.whole()
}

/// Reads an NPY file of `length` bytes of whole numbers, as [`read`] does values; answers with its sizes and elements.
///
/// # Errors
/// As [`read`].
pub fn read_integers(source: impl Read + Send, length: u64) -> Result<(Vec<usize>, Vec<i64>), Failure> {
    npy::open(source, length)?.whole_numbers()
}

/// Opens the array that `path` names.
pub(crate) fn open(path: &Path) -> Result<Source<'static>, Failure> {
    let Place { file, container, member } = Place::of(path)?;
    let (data, length) = regular(&file)?;
    let opened = match container {
        Container::Npy => npy::open(data, length),
        Container::Npz => npz::open(data, member.as_deref()),
        Container::Safetensors => safetensors::open(data, member.as_deref()),
    };
    let mut source = opened.map_err(|failure| failure.of_file(path))?;
    source.asked = Some(path.into());
    Ok(source)
}

/// Reads an array of floats of any type.
pub(crate) fn read_floats(path: &Path) -> Result<Array, Failure> {
    open(path)?.only_floats()?.whole()
}

/// Reads an array of whole numbers; answers with its sizes and elements.
pub(crate) fn read_integers_of(path: &Path) -> Result<(Vec<usize>, Vec<i64>), Failure> {
    open(path)?.whole_numbers()
}

fn regular(path: &Path) -> Result<(BufReader<File>, u64), Failure> {
    let file = File::open(path).map_err(|error| Failure::unreadable(path, error))?;
    let about = file.metadata().map_err(|error| Failure::unreadable(path, error))?;
    if !about.is_file() {
        return Err(Failure::unreadable(path, "it is not a regular file"));
    }
    Ok((BufReader::with_capacity(1 << 16, file), about.len()))
}
