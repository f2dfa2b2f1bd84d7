//! NPZ files: zip files whose members are NPY files, stored or deflated. Nothing is ever unpacked to disk, so that the path that a name may
//! spell is only a name.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, HasZipMetadata as _, ZipArchive};

use super::{Container, Source, npy, place};
use crate::Failure;

/// Deflate makes no more of a byte.
const MOST_INFLATED: u64 = 1032;

/// Opens the array called `name`, or the only one where there is no name.
///
/// # Errors
/// [`Failure::Refused`] where the file is malformed, has no such array or several, or where that is encrypted, compressed in another way than
/// deflated, or refused as [`npy::open`] refuses it.
pub fn open<'a>(mut source: impl Read + Seek + Send + 'a, name: Option<&str>) -> Result<Source<'a>, Failure> {
    let length = source.seek(SeekFrom::End(0)).map_err(malformed)?;
    let member = Member::find(&mut source, name)?;
    let Member { start, stored, size, crc, deflated } = member;
    if start.checked_add(stored).is_none_or(|end| end > length) {
        return Err(malformed(format!("an array claims {stored} bytes from byte {start} on, and the file has {length}")));
    }
    if !deflated && stored != size {
        return Err(malformed(format!("an array that is not compressed has {stored} bytes and claims {size}")));
    }
    if deflated && size / MOST_INFLATED > stored {
        return Err(malformed(format!("{stored} bytes cannot be {size} deflated ones")));
    }
    source.seek(SeekFrom::Start(start)).map_err(malformed)?;
    let stored = source.take(stored);
    let data: Box<dyn Read + Send + 'a> = if deflated { Box::new(DeflateDecoder::new(stored)) } else { Box::new(stored) };
    let mut data = Checked { data, hasher: crc32fast::Hasher::new(), left: size, crc };
    let (header, header_bytes) = npy::read(&mut data, size)?;
    Source::new(Container::Npz, header, size - header_bytes, !deflated, Box::new(data))
}

/// Where a member's data is, and what it claims to be.
#[derive(Clone, Copy)]
struct Member {
    start: u64,
    /// Bytes in the file.
    stored: u64,
    /// Bytes once inflated.
    size: u64,
    crc: u32,
    deflated: bool,
}

impl Member {
    fn find(source: &mut (impl Read + Seek), asked: Option<&str>) -> Result<Self, Failure> {
        let archive = ZipArchive::new(&mut *source).map_err(malformed)?.metadata();
        if archive.has_duplicate_names() {
            return Err(malformed("two of its arrays have the same name"));
        }
        let (mut names, mut numbers) = (Vec::new(), Vec::new());
        for number in 0..archive.len() {
            let member = archive.entry(number).map_err(malformed)?;
            // What is no NPY file is no array, nor is a folder.
            if let Some(name) = member.name().map_err(malformed)?.strip_suffix(".npy") {
                names.push(name.to_owned());
                numbers.push(number);
            }
        }
        let at = place::choose(&names.iter().map(String::as_str).collect::<Vec<_>>(), asked)?;
        let member = archive.entry(numbers[at]).map_err(malformed)?;
        let name = &names[at];
        if member.encrypted() {
            return Err(Failure::unsupported(format!("the array {name:?}"), "it is encrypted"));
        }
        let deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::DEFLATE => true,
            method => {
                let because = format!("it is compressed by method {method}; stored and deflated arrays can be read");
                return Err(Failure::unsupported(format!("the array {name:?}"), because));
            }
        };
        let (stored, size, crc) = (member.compressed_size(), member.size(), member.crc32());
        let start = member.get_metadata().data_start(source).map_err(malformed)?;
        Ok(Self { start, stored, size, crc, deflated })
    }
}

/// A member's data, which must have its checksum where it ends where it should.
struct Checked<R> {
    data: R,
    hasher: crc32fast::Hasher,
    left: u64,
    crc: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.data.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.left == 0 && self.hasher.clone().finalize() != self.crc {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong, so it is damaged"));
        }
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

fn malformed(why: impl std::fmt::Display) -> Failure {
    Container::Npz.malformed(why)
}
