//! NPY files: a header, a Python dictionary of three keys, of which only the forms that NumPy writes are read, and the elements.

use std::io::Read;

use super::{
    Container, Dtype, Source, dtype,
    source::{Header, MOST_AXES},
};
use crate::Failure;

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself reads no longer header unless told to.
const MOST_HEADER_BYTES: u64 = 10_000;

/// Opens the array of an NPY file of `length` bytes.
///
/// # Errors
/// [`Failure::Refused`] where its header is malformed, the file is not exactly as long as that says, or the element type is none that is read.
pub fn open<'a>(mut source: impl Read + Send + 'a, length: u64) -> Result<Source<'a>, Failure> {
    let (header, header_bytes) = read(&mut source, length)?;
    let rest = length - header_bytes;
    Source::new(Container::Npy, header, rest, true, Box::new(source))
}

/// Reads the header at the start of a file of `length` bytes; answers with it and its own length.
pub(super) fn read(source: &mut impl Read, length: u64) -> Result<(Header, u64), Failure> {
    let cut_short = || malformed("it ends within its header");
    let mut start = [0; 8];
    source.read_exact(&mut start).map_err(|_| malformed("it does not start as NPY files do"))?;
    if !start.starts_with(MAGIC) {
        return Err(malformed("it does not start as NPY files do"));
    }
    let (text_bytes, before) = match start[6..] {
        [1, 0] => {
            let mut size = [0; 2];
            source.read_exact(&mut size).map_err(|_| cut_short())?;
            (u64::from(u16::from_le_bytes(size)), 10)
        }
        [2 | 3, 0] => {
            let mut size = [0; 4];
            source.read_exact(&mut size).map_err(|_| cut_short())?;
            (u64::from(u32::from_le_bytes(size)), 12)
        }
        _ => return Err(malformed(format!("version {}.{}; 1.0, 2.0 and 3.0 can be read", start[6], start[7]))),
    };
    let header_bytes = before + text_bytes;
    if header_bytes > length {
        return Err(malformed(format!("its header claims {text_bytes} bytes, and the file has {length}")));
    }
    if text_bytes > MOST_HEADER_BYTES {
        return Err(malformed(format!("its header has {text_bytes} bytes; {MOST_HEADER_BYTES} are the most")));
    }
    let mut text = Vec::new();
    source.take(text_bytes).read_to_end(&mut text).map_err(|_| cut_short())?;
    if text.len() as u64 != text_bytes {
        return Err(cut_short());
    }
    let text = String::from_utf8(text).map_err(|_| malformed("its header is not text"))?;
    Ok((Text { rest: &text }.header()?, header_bytes))
}

/// The header of a row-major array, padded as NumPy pads it; none where NumPy has no such type.
pub(super) fn written(dtype: Dtype, sizes: &[usize]) -> Option<Vec<u8>> {
    let list: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let (descr, list) = (dtype.npy_name()?, list.join(", "));
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({list}{comma}), }}");
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let length = u16::try_from(text.len()).ok()?;
    Some([MAGIC, &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat())
}

fn malformed(why: impl std::fmt::Display) -> Failure {
    Container::Npy.malformed(why)
}

/// What is left to read of a header's text.
struct Text<'a> {
    rest: &'a str,
}

impl<'a> Text<'a> {
    fn header(mut self) -> Result<Header, Failure> {
        let (mut element, mut column_major, mut sizes) = (None, None, None);
        self.expect('{')?;
        while !self.accept('}') {
            let key = self.string()?;
            self.expect(':')?;
            let repeated = match key {
                "descr" => element.replace(self.element()?).is_some(),
                "fortran_order" => column_major.replace(self.boolean()?).is_some(),
                "shape" => sizes.replace(self.sizes()?).is_some(),
                _ => return Err(malformed(format!("its header has a key {key:?}"))),
            };
            if repeated {
                return Err(malformed(format!("its header has {key:?} twice")));
            }
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(malformed("its header goes on after the closing brace"));
        }
        let missing = |key: &str| malformed(format!("its header lacks {key:?}"));
        let (spelled, dtype, big_endian) = element.ok_or_else(|| missing("descr"))?;
        Ok(Header {
            spelled,
            dtype,
            big_endian,
            column_major: column_major.ok_or_else(|| missing("fortran_order"))?,
            sizes: sizes.ok_or_else(|| missing("shape"))?,
        })
    }

    fn accept(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), Failure> {
        if self.accept(sign) {
            return Ok(());
        }
        let found: String = self.rest.trim_start().chars().take(12).collect();
        Err(malformed(format!("its header has {found:?} where {sign:?} belongs")))
    }

    fn string(&mut self) -> Result<&'a str, Failure> {
        let quote = if self.accept('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect(quote)?;
        }
        let (text, rest) = self.rest.split_once(quote).ok_or_else(|| malformed("its header has a string without an end"))?;
        self.rest = rest;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, Failure> {
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.trim_start().strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(malformed("fortran_order is neither True nor False"))
    }

    fn sizes(&mut self) -> Result<Vec<u64>, Failure> {
        self.expect('(')?;
        let mut sizes = Vec::new();
        while !self.accept(')') {
            if sizes.len() == MOST_AXES {
                return Err(malformed(format!("its shape has more than {MOST_AXES} axes")));
            }
            sizes.push(self.size()?);
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }

    fn size(&mut self) -> Result<u64, Failure> {
        let rest = self.rest.trim_start();
        let end = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        // Python 2 marks its long integers.
        self.rest = after.strip_prefix('L').unwrap_or(after);
        digits.parse().map_err(|_| {
            let found: String = rest.chars().take(24).collect();
            malformed(format!("its shape has {found:?} where a size belongs"))
        })
    }

    /// The element type: its name, what it is and whether its first byte is the highest.
    fn element(&mut self) -> Result<(String, Dtype, bool), Failure> {
        if self.rest.trim_start().starts_with(['[', '(']) {
            return Err(Failure::refused("invalid element type: a structured array; its elements must be single numbers"));
        }
        let spelled = self.string()?;
        let (dtype, big_endian) = Dtype::of_npy(spelled).ok_or_else(|| dtype::unknown(spelled))?;
        Ok((spelled.into(), dtype, big_endian))
    }
}
