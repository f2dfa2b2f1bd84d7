//! Numbers given once for all spatial axes, or one an axis.

use crate::Error;

/// A number for every spatial axis, or one for each, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum PerAxis<T> {
    /// The same on every axis.
    All(T),
    /// One an axis.
    Each(Vec<T>),
}

impl<T: Copy> PerAxis<T> {
    /// One value for each of `axes` axes.
    pub(crate) fn resolve(&self, parameter: &'static str, axes: usize) -> Result<Vec<T>, Error> {
        match self {
            Self::All(value) => Ok(vec![*value; axes]),
            Self::Each(values) if values.len() == axes => Ok(values.clone()),
            Self::Each(values) => Err(Error::InvalidAxisCount { parameter, expected: axes, actual: values.len() }),
        }
    }
}

impl PerAxis<u32> {
    /// 1 on every axis.
    pub(crate) fn one() -> Self {
        Self::All(1)
    }
}

impl From<u32> for PerAxis<u32> {
    fn from(value: u32) -> Self {
        Self::All(value)
    }
}

impl<const AXES: usize> From<[u32; AXES]> for PerAxis<u32> {
    fn from(values: [u32; AXES]) -> Self {
        Self::Each(values.to_vec())
    }
}

impl From<Vec<u32>> for PerAxis<u32> {
    fn from(values: Vec<u32>) -> Self {
        Self::Each(values)
    }
}

/// Absent values around the input, given by number or by rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Padding {
    /// `[begin, end]` on each axis.
    Explicit(PerAxis<[u32; 2]>),
    /// As much as makes `out = ⌈in/s⌉`; an odd one stands at the end.
    SameUpper,
    /// As much as makes `out = ⌈in/s⌉`; an odd one stands at the begin.
    SameLower,
    /// None.
    Valid,
}

impl Default for Padding {
    fn default() -> Self {
        Self::Explicit(PerAxis::All([0, 0]))
    }
}

impl From<u32> for Padding {
    fn from(both: u32) -> Self {
        Self::Explicit(PerAxis::All([both, both]))
    }
}

impl<const AXES: usize> From<[u32; AXES]> for Padding {
    fn from(both: [u32; AXES]) -> Self {
        Self::from(both.to_vec())
    }
}

impl<const AXES: usize> From<[[u32; 2]; AXES]> for Padding {
    fn from(sides: [[u32; 2]; AXES]) -> Self {
        Self::Explicit(PerAxis::Each(sides.to_vec()))
    }
}

impl From<Vec<u32>> for Padding {
    fn from(both: Vec<u32>) -> Self {
        Self::Explicit(PerAxis::Each(both.into_iter().map(|size| [size, size]).collect()))
    }
}
