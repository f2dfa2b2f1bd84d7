//! What a zip file says of its members: stored, not deflated, so that a member's place is known before its data.
//!
//! Written here, since a member's parts may come between another's, which no writer of one member after the other can do.

/// One member.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: String,
    /// Where its local header begins.
    pub(super) start: u64,
    /// Bytes of its data.
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// The versions of the format that know no ZIP64, and that do.
const VERSIONS: [u16; 2] = [20, 45];
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1980-01-01, the first day that the format knows: files of the same arrays are the same.
const DAY: u16 = (1 << 5) | 1;
/// Unix, a regular file that all may read.
const UNIX: u16 = 3 << 8;
const ATTRIBUTES: u32 = 0o100_644 << 16;
/// A number that is written elsewhere, in 64 bits.
const ELSEWHERE: u32 = u32::MAX;

impl Record {
    /// What stands before the data.
    pub(super) fn local(&self) -> Vec<u8> {
        let wide = self.size >= ELSEWHERE.into();
        let extra = if wide { extra(&[self.size, self.size]) } else { Vec::new() };
        [&b"PK\x03\x04"[..], &self.common(wide, extra.len()), self.name.as_bytes(), &extra].concat()
    }

    /// All that stands behind the last member, from byte `start` on.
    pub(super) fn directory(records: &[Self], start: u64) -> Vec<u8> {
        let entries: Vec<u8> = records.iter().flat_map(Self::entry).collect();
        let (count, bytes) = (records.len() as u64, entries.len() as u64);
        let mut directory = entries;
        if count >= u16::MAX.into() || start.max(bytes) >= ELSEWHERE.into() {
            let end = start + bytes;
            // The size of this record is that of what follows it.
            directory.extend([&b"PK\x06\x06"[..], &44u64.to_le_bytes()].concat());
            directory.extend((UNIX | VERSIONS[1]).to_le_bytes());
            directory.extend(VERSIONS[1].to_le_bytes());
            directory.extend([0; 8]);
            directory.extend([count, count, bytes, start].map(u64::to_le_bytes).concat());
            directory.extend([&b"PK\x06\x07"[..], &[0; 4], &end.to_le_bytes(), &1u32.to_le_bytes()].concat());
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        directory.extend([&b"PK\x05\x06"[..], &[0; 4], &count.to_le_bytes(), &count.to_le_bytes()].concat());
        directory.extend([bytes, start].map(|number| u32::try_from(number).unwrap_or(ELSEWHERE).to_le_bytes()).concat());
        directory.extend([0; 2]);
        directory
    }

    /// Its entry in the directory.
    fn entry(&self) -> Vec<u8> {
        let wide = self.size.max(self.start) >= ELSEWHERE.into();
        let extra = if wide { extra(&[self.size, self.size, self.start]) } else { Vec::new() };
        let start = if wide { ELSEWHERE } else { u32::try_from(self.start).unwrap_or(ELSEWHERE) };
        let made_by = UNIX | VERSIONS[usize::from(wide)];
        let mut entry = [&b"PK\x01\x02"[..], &made_by.to_le_bytes(), &self.common(wide, extra.len())].concat();
        // No comment, the first disk, no internal attributes.
        entry.extend([0; 6]);
        entry.extend([ATTRIBUTES.to_le_bytes(), start.to_le_bytes()].concat());
        entry.extend(self.name.as_bytes());
        entry.extend(extra);
        entry
    }

    /// What the local header and the entry have in common.
    fn common(&self, wide: bool, extra: usize) -> Vec<u8> {
        let size = if wide { ELSEWHERE } else { u32::try_from(self.size).unwrap_or(ELSEWHERE) };
        let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let mut fields = [VERSIONS[usize::from(wide)], FLAGS, 0, 0, DAY].map(u16::to_le_bytes).concat();
        fields.extend([self.crc, size, size].map(u32::to_le_bytes).concat());
        fields.extend([short(self.name.len()), short(extra)].map(u16::to_le_bytes).concat());
        fields
    }
}

/// The extra field of ZIP64.
fn extra(numbers: &[u64]) -> Vec<u8> {
    let size = u16::try_from(8 * numbers.len()).unwrap_or(u16::MAX);
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    [1, size].into_iter().flat_map(u16::to_le_bytes).chain(numbers).collect()
}
