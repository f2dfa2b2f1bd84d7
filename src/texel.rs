//! What textures hold: the formats that can be pooled from and to.

use std::fmt;

use crate::Error;

/// A texture's format. Values are pooled as shaders see them: rgba8unorm from 0 to 1, the others as the floats they are.
///
/// ```
/// use plunge::Texel;
/// assert_eq!(Texel::Rgba16Float.channels(), 4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Texel {
    /// Four channels of 8 bits, from 0 to 1.
    Rgba8Unorm,
    /// Four channels of f16.
    Rgba16Float,
    /// One channel of f32.
    R32Float,
    /// A depth buffer of f32: pooled from, never to.
    Depth32Float,
}

impl Texel {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Rgba8Unorm, Self::Rgba16Float, Self::R32Float, Self::Depth32Float];

    /// Channels of a texel.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Rgba8Unorm | Self::Rgba16Float => 4,
            Self::R32Float | Self::Depth32Float => 1,
        }
    }

    /// Its name in WGSL, in keys and in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rgba8Unorm => "rgba8unorm",
            Self::Rgba16Float => "rgba16float",
            Self::R32Float => "r32float",
            Self::Depth32Float => "depth32float",
        }
    }

    /// Refuses formats that kernels cannot write.
    pub(crate) fn check_written(self) -> Result<(), Error> {
        if self == Self::Depth32Float {
            let because = "kernels write rgba8unorm, rgba16float and r32float; pool depth into r32float";
            return Err(Error::unsupported(format!("results as {self}"), because));
        }
        Ok(())
    }

    /// The format of a texture.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for others.
    #[cfg(feature = "gpu")]
    pub fn of(format: wgpu::TextureFormat) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|texel| texel.format() == format).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|texel| texel.name()).collect();
            Error::unsupported(format!("textures of {format:?}"), format!("{} can be pooled", names.join(", ")))
        })
    }

    /// The same for wgpu.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub const fn format(self) -> wgpu::TextureFormat {
        match self {
            Self::Rgba8Unorm => wgpu::TextureFormat::Rgba8Unorm,
            Self::Rgba16Float => wgpu::TextureFormat::Rgba16Float,
            Self::R32Float => wgpu::TextureFormat::R32Float,
            Self::Depth32Float => wgpu::TextureFormat::Depth32Float,
        }
    }
}

impl fmt::Display for Texel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
