//! The header of an NPY file: a Python dictionary of three keys, of which only the forms that NumPy writes are read.

use std::io::{Read, Write};

use super::malformed;
use crate::Failure;

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself reads no longer header unless told to.
const MOST_HEADER_BYTES: u64 = 10_000;
/// N, C and three spatial axes; one more, to say that there are too many.
const MOST_AXES: usize = 32;

/// What a header says.
pub(super) struct Header {
    pub(super) element: Element,
    pub(super) column_major: bool,
    pub(super) sizes: Vec<u64>,
}

/// An element type, as a header names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element(String);

impl Element {
    /// Whether it is a big-endian f32, or little-endian; no other type is pooled.
    pub(super) fn f32_order(&self) -> Result<bool, Failure> {
        let Self(name) = self;
        match name.as_str() {
            "<f4" => return Ok(false),
            ">f4" => return Ok(true),
            _ => {}
        }
        match name.trim_start_matches(['<', '>', '|', '=']) {
            "f2" | "u1" | "i1" | "i4" => Err(Failure::unsupported(
                format!("elements of type {name:?}"),
                "this version pools f32; convert with .astype('<f4')",
            )),
            _ => Err(Failure::refused(format!(
                "invalid element type {name:?}: it must be f32 ('<f4' or '>f4'); convert with .astype('<f4')"
            ))),
        }
    }

    /// How many bytes a whole number has, and whether the first is the highest and the highest bit a sign.
    pub(super) fn integer(&self) -> Result<(usize, bool, bool), Failure> {
        let Self(name) = self;
        let big_endian = name.starts_with('>');
        match name.trim_start_matches(['<', '>', '|', '=']) {
            "b1" | "u1" => Ok((1, big_endian, false)),
            "i1" => Ok((1, big_endian, true)),
            "i4" => Ok((4, big_endian, true)),
            "i8" => Ok((8, big_endian, true)),
            _ => Err(Failure::refused(format!(
                "invalid element type {name:?}: it must be int32 or int64 ('<i4' or '<i8'), int8, uint8 or bool"
            ))),
        }
    }
}

impl Header {
    /// Reads the header at the start of a file of `length` bytes; answers with it and its own length.
    pub(super) fn read(source: &mut impl Read, length: u64) -> Result<(Self, u64), Failure> {
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
}

/// Writes the header of a row-major array, padded as NumPy pads it.
pub(super) fn write(target: &mut impl Write, element: &str, sizes: &[usize]) -> std::io::Result<()> {
    let list: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{element}', 'fortran_order': False, 'shape': ({}{comma}), }}", list.join(", "));
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let length = u16::try_from(text.len()).map_err(std::io::Error::other)?;
    target.write_all(MAGIC)?;
    target.write_all(&[1, 0])?;
    target.write_all(&length.to_le_bytes())?;
    target.write_all(text.as_bytes())
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
        Ok(Header {
            element: element.ok_or_else(|| missing("descr"))?,
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

    fn element(&mut self) -> Result<Element, Failure> {
        if self.rest.trim_start().starts_with(['[', '(']) {
            return Err(Failure::refused("invalid element type: a structured array; it must be f32 ('<f4' or '>f4')"));
        }
        Ok(Element(self.string()?.into()))
    }
}
