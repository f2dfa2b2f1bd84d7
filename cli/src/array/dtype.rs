//! What the elements of an array in a file are, and what each container calls them.

use std::fmt;

use plunge::Element;
use safetensors::Dtype as Tensors;

use super::Container;
use crate::Failure;

/// The type of an array's elements: what is pooled, or what indices, labels and masks are besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// Values.
    Element(Element),
    /// Whole numbers of 64 bits: indices and labels.
    I64,
    /// A byte that is 0 or 1: masks.
    Bool,
}

impl Dtype {
    /// Bytes of an element.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Element(element) => element.bytes(),
            Self::I64 => 8,
            Self::Bool => 1,
        }
    }

    /// What an NPY header calls so, and whether its first byte is the highest.
    pub(super) fn of_npy(spelled: &str) -> Option<(Self, bool)> {
        let (order, name) = spelled.split_at_checked(1)?;
        let element = match name {
            "f4" => Self::Element(Element::F32),
            "f2" => Self::Element(Element::F16),
            "u1" => Self::Element(Element::U8),
            "i1" => Self::Element(Element::I8),
            "i4" => Self::Element(Element::I32),
            "i8" => Self::I64,
            "b1" => Self::Bool,
            _ => return None,
        };
        match order {
            "<" => Some((element, false)),
            ">" => Some((element, true)),
            "|" if element.bytes() == 1 => Some((element, false)),
            _ => None,
        }
    }

    /// What an NPY header calls it, little-endian; NumPy has no bfloat16.
    pub(super) fn npy_name(self) -> Option<&'static str> {
        match self {
            Self::Element(Element::F32) => Some("<f4"),
            Self::Element(Element::F16) => Some("<f2"),
            Self::Element(Element::U8) => Some("|u1"),
            Self::Element(Element::I8) => Some("|i1"),
            Self::Element(Element::I32) => Some("<i4"),
            Self::Element(_) => None,
            Self::I64 => Some("<i8"),
            Self::Bool => Some("|b1"),
        }
    }

    /// What a safetensors header calls so.
    pub(super) fn of_safetensors(dtype: Tensors) -> Option<Self> {
        match dtype {
            Tensors::F32 => Some(Self::Element(Element::F32)),
            Tensors::F16 => Some(Self::Element(Element::F16)),
            Tensors::BF16 => Some(Self::Element(Element::Bf16)),
            Tensors::U8 => Some(Self::Element(Element::U8)),
            Tensors::I8 => Some(Self::Element(Element::I8)),
            Tensors::I32 => Some(Self::Element(Element::I32)),
            Tensors::I64 => Some(Self::I64),
            Tensors::BOOL => Some(Self::Bool),
            _ => None,
        }
    }

    /// What a safetensors header calls it.
    pub(super) fn safetensors_name(self) -> Option<Tensors> {
        match self {
            Self::Element(Element::F32) => Some(Tensors::F32),
            Self::Element(Element::F16) => Some(Tensors::F16),
            Self::Element(Element::Bf16) => Some(Tensors::BF16),
            Self::Element(Element::U8) => Some(Tensors::U8),
            Self::Element(Element::I8) => Some(Tensors::I8),
            Self::Element(Element::I32) => Some(Tensors::I32),
            Self::Element(_) => None,
            Self::I64 => Some(Tensors::I64),
            Self::Bool => Some(Tensors::BOOL),
        }
    }

    /// Refuses a type that `container` cannot hold.
    pub(crate) fn check(self, container: Container) -> Result<(), Failure> {
        let held = match container {
            Container::Npy | Container::Npz => self.npy_name().is_some(),
            Container::Safetensors => self.safetensors_name().is_some(),
        };
        if held {
            return Ok(());
        }
        Err(Failure::unsupported(format!("{self} in an {container} file"), "NumPy has no such type; write a .safetensors file"))
    }

    /// Turns elements of the other byte order into this machine's, or back.
    pub(super) fn swap(self, bytes: &mut [u8]) {
        match self.bytes() {
            2 => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|element| element.reverse()),
            4 => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|element| element.reverse()),
            8 => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|element| element.reverse()),
            _ => {}
        }
    }

    /// Whole numbers out of elements in this machine's byte order; none where the type has fractions.
    pub(super) fn whole_numbers(self, bytes: &[u8]) -> Option<Vec<i64>> {
        Some(match self {
            Self::Element(Element::U8) | Self::Bool => bytes.iter().map(|&byte| byte.into()).collect(),
            Self::Element(Element::I8) => bytes.iter().map(|&byte| byte.cast_signed().into()).collect(),
            Self::Element(Element::I32) => {
                bytes.as_chunks().0.iter().map(|&element| i32::from_ne_bytes(element).into()).collect()
            }
            Self::I64 => bytes.as_chunks().0.iter().map(|&element| i64::from_ne_bytes(element)).collect(),
            Self::Element(_) => return None,
        })
    }
}

impl From<Element> for Dtype {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(element) => element.fmt(f),
            Self::I64 => f.write_str("i64"),
            Self::Bool => f.write_str("bool"),
        }
    }
}

/// Refuses a type that no array may have, by the name that its file has for it.
pub(super) fn unknown(spelled: &str) -> Failure {
    Failure::refused(format!(
        "invalid element type {spelled:?}: it must be f32, f16, bf16, u8, i8 or i32, and int64 or bool for indices, labels and \
         masks; convert with .astype('<f4')"
    ))
}
