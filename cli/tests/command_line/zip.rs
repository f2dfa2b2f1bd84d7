//! Zip files, made here byte by byte, so that they can be anything.

use std::io::Write as _;

/// A member, and what is said of it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// As it stands in the file.
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) crc: u32,
    pub(crate) stored: u32,
    pub(crate) size: u32,
    /// Where its local header is, if not where it is.
    pub(crate) start: Option<u32>,
}

impl Member {
    /// A member as it should be, stored.
    pub(crate) fn stored(name: &'static str, data: &[u8]) -> Self {
        let size = u32::try_from(data.len()).unwrap();
        let crc = crc32fast::hash(data);
        Self { name, data: data.to_vec(), method: 0, flags: 0, crc, stored: size, size, start: None }
    }

    /// A member as it should be, deflated.
    pub(crate) fn deflated(name: &'static str, data: &[u8]) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        let deflated = encoder.finish().unwrap();
        let stored = u32::try_from(deflated.len()).unwrap();
        Self { data: deflated, method: 8, stored, ..Self::stored(name, data) }
    }
}

/// The file of these members.
pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = member.start.unwrap_or(u32::try_from(file.len()).unwrap());
        let mut common = [20, member.flags, member.method, 0, 33].map(u16::to_le_bytes).concat();
        common.extend([member.crc, member.stored, member.size].map(u32::to_le_bytes).concat());
        common.extend([u16::try_from(member.name.len()).unwrap(), 0].map(u16::to_le_bytes).concat());
        file.extend([b"PK\x03\x04", &common[..], member.name.as_bytes(), &member.data].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &start.to_le_bytes(), member.name.as_bytes()].concat());
    }
    let [size, start] = [directory.len(), file.len()].map(|number| u32::try_from(number).unwrap().to_le_bytes());
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    file.extend(directory);
    file.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0; 2]].concat());
    file
}
