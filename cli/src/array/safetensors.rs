//! Safetensors files: the length of a header, the header, which is JSON, and the tensors' elements one after the other, little-endian.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    io::{Read, Seek, SeekFrom},
};

use safetensors::tensor::TensorInfo;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use super::{
    Container, Dtype, Source, dtype, place,
    source::{Header, MOST_AXES},
};
use crate::Failure;

/// A header of a few thousand tensors has some hundred thousand bytes.
const MOST_HEADER_BYTES: u64 = 16 << 20;
/// The name of what is no tensor.
pub(super) const METADATA: &str = "__metadata__";

/// Opens the tensor called `name`, or the only one where there is no name.
///
/// # Errors
/// [`Failure::Refused`] where the file is malformed, has no such tensor or several, or where the element type is none that is read.
pub fn open<'a>(mut source: impl Read + Seek + Send + 'a, name: Option<&str>) -> Result<Source<'a>, Failure> {
    let length = source.seek(SeekFrom::End(0)).map_err(malformed)?;
    source.rewind().map_err(malformed)?;
    let mut size = [0; 8];
    source.read_exact(&mut size).map_err(|_| malformed("it ends within the length of its header"))?;
    let (size, rest) = (u64::from_le_bytes(size), length.saturating_sub(8));
    if size > rest {
        return Err(malformed(format!("its header claims {size} bytes, and the file has {rest} more")));
    }
    if size > MOST_HEADER_BYTES {
        return Err(malformed(format!("its header has {size} bytes; {MOST_HEADER_BYTES} are the most")));
    }
    let mut json = Vec::new();
    source.by_ref().take(size).read_to_end(&mut json).map_err(malformed)?;
    let Tensors(tensors) = serde_json::from_slice(&json).map_err(|error| malformed(format!("its header: {error}")))?;
    check(&tensors, rest - size)?;

    let at = place::choose(&tensors.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), name)?;
    let (_, tensor) = &tensors[at];
    let spelled = tensor.dtype.to_string();
    let dtype = Dtype::of_safetensors(tensor.dtype).ok_or_else(|| dtype::unknown(&spelled))?;
    let sizes = tensor.shape.iter().map(|&size| size as u64).collect();
    let [begin, end] = offsets(tensor);
    source.seek(SeekFrom::Start(8 + size + begin)).map_err(malformed)?;
    let header = Header { spelled, dtype, big_endian: false, column_major: false, sizes };
    Source::new(Container::Safetensors, header, end - begin, true, Box::new(source.take(end - begin)))
}

/// Refuses tensors that do not fill `data` bytes one after the other, each as its sizes have it.
fn check(tensors: &[(String, TensorInfo)], data: u64) -> Result<(), Failure> {
    let mut placed: Vec<_> = tensors.iter().map(|(name, tensor)| (offsets(tensor), name, tensor)).collect();
    placed.sort_unstable_by_key(|&(offsets, name, _)| (offsets, name));
    let mut filled = 0;
    for ([begin, end], name, tensor) in placed {
        let fail = |why: String| Err(malformed(format!("the tensor {name:?} {why}")));
        if end < begin {
            return fail(format!("ends at byte {end} of the data, before it begins at {begin}"));
        }
        if end > data {
            return fail(format!("ends at byte {end} of the data, and the file has {data}"));
        }
        if begin < filled {
            return fail(format!("begins at byte {begin} of the data, where another does not end before {filled}"));
        }
        if begin > filled {
            return fail(format!("begins at byte {begin} of the data, and no other fills the bytes from {filled} on"));
        }
        if tensor.shape.len() > MOST_AXES {
            return fail(format!("has more than {MOST_AXES} axes"));
        }
        let bits = tensor.shape.iter().try_fold(tensor.dtype.bitsize() as u64, |bits, &size| bits.checked_mul(size as u64));
        let bytes = end - begin;
        if bits != bytes.checked_mul(8) {
            let (dtype, shape) = (tensor.dtype, &tensor.shape);
            return fail(format!("of {shape:?} {dtype} has {bytes} bytes of data, which is not its size"));
        }
        filled = end;
    }
    if filled < data {
        return Err(malformed(format!("its tensors have {filled} bytes of data, and the file has bytes left over: {data}")));
    }
    Ok(())
}

fn offsets(tensor: &TensorInfo) -> [u64; 2] {
    [tensor.data_offsets.0, tensor.data_offsets.1].map(|offset| offset as u64)
}

/// The tensors of a header, in its order, each name once.
struct Tensors(Vec<(String, TensorInfo)>);

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Tensors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tensors, A::Error> {
                let (mut tensors, mut names) = (Vec::new(), HashSet::new());
                while let Some(name) = entries.next_key::<String>()? {
                    if name == METADATA {
                        entries.next_value::<HashMap<String, String>>()?;
                    } else {
                        tensors.push((name.clone(), entries.next_value()?));
                    }
                    if let Some(twice) = names.replace(name) {
                        return Err(A::Error::custom(format!("it has {twice:?} twice")));
                    }
                }
                Ok(Tensors(tensors))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

fn malformed(why: impl fmt::Display) -> Failure {
    Container::Safetensors.malformed(why)
}
