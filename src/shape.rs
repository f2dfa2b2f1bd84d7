//! The shape of a pooled tensor.

use std::fmt;

use crate::Error;

/// The largest number of spatial axes.
pub(crate) const MAX_SPATIAL_AXES: usize = 3;

/// A tensor's shape: batch N, channels C and one to three spatial axes, stored in that order (NCHW), the last axis contiguous.
///
/// ```
/// use plunge::Shape;
/// let shape = Shape::nchw([8, 64, 112, 112]);
/// assert_eq!((shape.batch(), shape.channels(), shape.spatial()), (8, 64, &[112, 112][..]));
/// assert_eq!(shape.elements(), 8 * 64 * 112 * 112);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    batch: usize,
    channels: usize,
    spatial: [usize; MAX_SPATIAL_AXES],
    rank: usize,
}

impl Shape {
    /// A shape from N, C and one to three spatial sizes; any other number of axes does not compile.
    ///
    /// Sizes are checked where the shape is used, by [`Pooling::output_shape`](crate::Pooling::output_shape) and
    /// everything that plans.
    #[must_use]
    pub const fn nchw<const AXES: usize>(sizes: [usize; AXES]) -> Self {
        const { assert!(AXES >= 3 && AXES <= 2 + MAX_SPATIAL_AXES, "a shape has N, C and one to three spatial axes") };
        let mut spatial = [1; MAX_SPATIAL_AXES];
        let mut axis = 2;
        while axis < AXES {
            spatial[axis - 2] = sizes[axis];
            axis += 1;
        }
        Self { batch: sizes[0], channels: sizes[1], spatial, rank: AXES - 2 }
    }

    /// A shape from a list of sizes known only at run time.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] unless there are N, C and one to three spatial axes.
    pub fn from_nchw(sizes: &[usize]) -> Result<Self, Error> {
        match *sizes {
            [n, c, w] => Ok(Self::nchw([n, c, w])),
            [n, c, h, w] => Ok(Self::nchw([n, c, h, w])),
            [n, c, d, h, w] => Ok(Self::nchw([n, c, d, h, w])),
            _ => Err(Error::InvalidShape {
                expected: "N and C first, then one to three spatial axes".into(),
                actual: format!("{sizes:?}"),
            }),
        }
    }

    /// The same batch and channels with other spatial sizes.
    pub(crate) fn with_spatial(mut self, spatial: &[usize]) -> Self {
        self.rank = spatial.len();
        self.spatial = [1; MAX_SPATIAL_AXES];
        self.spatial[..self.rank].copy_from_slice(spatial);
        self
    }

    /// The same batch and spatial sizes with other channels.
    pub(crate) fn with_channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// Batch size N.
    #[must_use]
    pub const fn batch(&self) -> usize {
        self.batch
    }

    /// Channels C.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// The spatial sizes, outermost first: `[W]`, `[H, W]` or `[D, H, W]`.
    #[must_use]
    pub fn spatial(&self) -> &[usize] {
        &self.spatial[..self.rank]
    }

    /// All sizes, N and C first.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        [&[self.batch, self.channels], self.spatial()].concat()
    }

    /// Elements in all, saturating at `usize::MAX`.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.spatial().iter().fold(self.batch.saturating_mul(self.channels), |n, &size| n.saturating_mul(size))
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shape({self})")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.batch, self.channels)?;
        self.spatial().iter().try_for_each(|size| write!(f, "x{size}"))
    }
}
