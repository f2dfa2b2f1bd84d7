//! What tensors hold: element types, and how whole numbers stand for real ones.

use std::fmt;

use crate::Error;

/// The type of a tensor's elements as they are stored. Kernels compute in f32 whatever it is, but for [`I32`](Self::I32) where the op is
/// exact.
///
/// No type needs a feature of the device: kernels take narrow elements out of 32-bit words and put them back, an invocation owning whole words. A
/// tensor's last word may end with bytes that are none of its own; they are left as they are.
///
/// | type | stored | results are |
/// |---|---|---|
/// | `F32` | IEEE binary32 | rounded as the op says |
/// | `F16` | IEEE binary16 | rounded to nearest, half to even; beyond 65,504 infinite |
/// | `Bf16` | the upper half of an f32 | rounded to nearest, half to even |
/// | `U8` `I8` | whole numbers, or [quantised](Quantization) reals | rounded half to even and saturated; NaN is 0 |
/// | `I32` | whole numbers | exact for max, min, first, last, rank and median; sums wrap; else, and to f32 where a region may be empty, as above |
///
/// ```
/// use plunge::Element;
/// assert_eq!(Element::F16.bytes(), 2);
/// assert_eq!(Element::F16.encode([1.0, 65_520.0]), half::f16::to_le_bytes(half::f16::ONE).into_iter().chain([0, 0x7c]).collect::<Vec<u8>>());
/// assert_eq!(Element::U8.encode([2.5, -1.0, 300.0]), [2, 0, 255]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Element {
    /// 32-bit floats.
    #[default]
    F32,
    /// 16-bit floats of 5 bits of exponent.
    F16,
    /// 16-bit floats of 8 bits of exponent: bfloat16.
    Bf16,
    /// Whole numbers from 0 to 255.
    U8,
    /// Whole numbers from −128 to 127.
    I8,
    /// Whole numbers of 32 bits.
    I32,
}

/// How the whole numbers q of a [`U8`](Element::U8) or [`I8`](Element::I8) tensor stand for reals: x = scale · (q − zero_point), as ONNX and
/// TensorFlow Lite have it. Pooling is of the reals; results are q = round(x / scale) + zero_point, halves rounded to even, saturated.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quantization {
    /// The distance of neighbouring reals: finite, and above the smallest normal f32.
    pub scale: f32,
    /// The whole number that stands for 0, one of the type's.
    pub zero_point: i32,
}

/// A type of Rust that is an [`Element`].
pub trait Value: bytemuck::Pod + Into<f64> {
    /// Which.
    const ELEMENT: Element;
}

macro_rules! values {
    ($($type:ty: $element:ident),*) => {
        $(impl Value for $type {
            const ELEMENT: Element = Element::$element;
        })*
    };
}
values!(f32: F32, half::f16: F16, half::bf16: Bf16, u8: U8, i8: I8, i32: I32);

impl Element {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::F32, Self::F16, Self::Bf16, Self::U8, Self::I8, Self::I32];

    /// Bytes of an element.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::U8 | Self::I8 => 1,
        }
    }

    /// Its name in keys and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I32 => "i32",
        }
    }

    /// Whether it is a floating-point type.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }

    /// Whether quantised reals can be stored so.
    #[must_use]
    pub const fn is_byte(self) -> bool {
        matches!(self, Self::U8 | Self::I8)
    }

    /// The smallest and largest whole number of a type that has no fractions.
    #[must_use]
    pub const fn range(self) -> Option<[i32; 2]> {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => None,
            Self::U8 => Some([0, 255]),
            Self::I8 => Some([-128, 127]),
            Self::I32 => Some([i32::MIN, i32::MAX]),
        }
    }

    /// Elements of a 32-bit word.
    pub(crate) const fn per_word(self) -> u32 {
        match self {
            Self::F32 | Self::I32 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::U8 | Self::I8 => 4,
        }
    }

    /// Bytes of whole words that hold `count` elements.
    pub(crate) const fn storage(self, count: u64) -> u64 {
        count.saturating_mul(self.bytes() as u64).div_ceil(4).saturating_mul(4)
    }

    /// Stored bytes as numbers; what is left over of a last element is dropped.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Vec<f64> {
        fn all<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes.as_chunks::<N>().0.iter().map(|&bytes| number(bytes)).collect()
        }
        match self {
            Self::F32 => all(bytes, |bytes| f32::from_ne_bytes(bytes).into()),
            Self::F16 => all(bytes, |bytes| half::f16::from_ne_bytes(bytes).into()),
            Self::Bf16 => all(bytes, |bytes| half::bf16::from_ne_bytes(bytes).into()),
            Self::U8 => all(bytes, |[byte]| byte.into()),
            Self::I8 => all(bytes, |[byte]| byte.cast_signed().into()),
            Self::I32 => all(bytes, |bytes| i32::from_ne_bytes(bytes).into()),
        }
    }

    /// Numbers as stored bytes: rounded to nearest, half to even, whole numbers saturated, NaN among them 0.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounding is meant, and casts saturate")]
    pub fn encode(self, values: impl IntoIterator<Item = f64>) -> Vec<u8> {
        let values = values.into_iter();
        match self {
            Self::F32 => values.flat_map(|value| (value as f32).to_ne_bytes()).collect(),
            Self::F16 => values.flat_map(|value| half::f16::from_f32(odd(value)).to_ne_bytes()).collect(),
            Self::Bf16 => values.flat_map(|value| half::bf16::from_f32(odd(value)).to_ne_bytes()).collect(),
            Self::U8 => values.map(|value| value.round_ties_even() as u8).collect(),
            Self::I8 => values.map(|value| (value.round_ties_even() as i8).cast_unsigned()).collect(),
            Self::I32 => values.flat_map(|value| (value.round_ties_even() as i32).to_ne_bytes()).collect(),
        }
    }
}

/// An f32 that rounds to 16 bits as `value` does: what f32 cannot hold leaves its last bit odd, so that nothing is taken for a half.
#[allow(clippy::cast_possible_truncation, reason = "rounding is what is looked at")]
fn odd(value: f64) -> f32 {
    let near = value as f32;
    let held = f64::from(near);
    if held == value || value.is_nan() {
        return near;
    }
    // The magnitude's bits go up and down with it.
    let towards_zero = if held.abs() > value.abs() { near.to_bits() - 1 } else { near.to_bits() };
    f32::from_bits(towards_zero | 1)
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Quantization {
    /// Whole numbers that stand for themselves.
    pub const NONE: Self = Self { scale: 1.0, zero_point: 0 };

    /// The real that a whole number stands for, in f32 as kernels compute it.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "numbers of a byte")]
    pub fn real(self, stored: f64) -> f64 {
        ((stored - f64::from(self.zero_point)) as f32 * self.scale).into()
    }

    /// The whole number that stands for a real, before it is saturated; NaN is taken for 0.
    #[must_use]
    pub fn stored(self, real: f64) -> f64 {
        let steps = if real.is_nan() { 0.0 } else { (real / f64::from(self.scale)).round_ties_even() };
        steps + f64::from(self.zero_point)
    }

    /// Refuses what makes no sense for a type.
    pub(crate) fn check(self, element: Element) -> Result<(), Error> {
        let Some([least, most]) = element.range().filter(|_| element.is_byte()) else {
            let (what, because) = (format!("quantised {element}"), "elements of u8 and i8 can be quantised");
            return Err(Error::unsupported(what, because));
        };
        if !(self.scale.is_finite() && self.scale >= f32::MIN_POSITIVE) {
            return Err(Error::parameter("scale", "finite and above 0", self.scale));
        }
        if !(least..=most).contains(&self.zero_point) {
            return Err(Error::parameter("zero_point", &format!("from {least} to {most}"), self.zero_point));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_the_nearest() {
        for (element, given, stored) in [
            (Element::F16, 1.0 + 1.0 / 2048.0, 1.0),
            (Element::F16, 1.0 + 3.0 / 2048.0, 1.0 + 2.0 / 1024.0),
            (Element::F16, 1.0 + 2f64.powi(-11) + 2f64.powi(-45), 1.0 + 2f64.powi(-10)),
            (Element::F16, -1.0 - 2f64.powi(-11) + 2f64.powi(-45), -1.0),
            (Element::Bf16, 1.0 + 2f64.powi(-8) + 2f64.powi(-45), 1.0 + 2f64.powi(-7)),
            (Element::F16, 2f64.powi(-25), 0.0),
            (Element::F16, 2f64.powi(-25) + 2f64.powi(-60), 2f64.powi(-24)),
            (Element::Bf16, 1e300, f64::INFINITY),
            (Element::F16, 1e9, f64::INFINITY),
            (Element::Bf16, 257.0, 256.0),
            (Element::Bf16, 259.0, 260.0),
            (Element::U8, 0.5, 0.0),
            (Element::U8, 1.5, 2.0),
            (Element::I8, -129.0, -128.0),
            (Element::I8, f64::NAN, 0.0),
            (Element::I32, 3e9, f64::from(i32::MAX)),
            (Element::F32, f64::NEG_INFINITY, f64::NEG_INFINITY),
        ] {
            assert_eq!(element.decode(&element.encode([given])), [stored], "{element} {given}");
        }
        assert_eq!(Element::F16.decode(&[0, 0, 1]), [0.0], "half an element is none");
    }

    #[test]
    fn quantised_numbers_come_back_as_they_were() {
        let quantization = Quantization { scale: 0.37, zero_point: 117 };
        for stored in 0..=255 {
            let back = quantization.stored(quantization.real(stored.into()));
            assert_eq!(Element::U8.encode([back]), [stored], "{stored}");
        }
        assert_eq!(quantization.check(Element::U8), Ok(()));
        assert!(Quantization { zero_point: 128, ..quantization }.check(Element::I8).is_err_and(|error| error.is_invalid()));
        assert!(Quantization { scale: 0.0, ..quantization }.check(Element::I8).is_err_and(|error| error.is_invalid()));
        assert!(quantization.check(Element::F16).is_err_and(|error| error.is_unsupported()));
    }
}
