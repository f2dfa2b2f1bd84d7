//! The shape of a pooled tensor.

use std::fmt;

use crate::Error;

/// The largest number of spatial axes.
pub(crate) const MAX_SPATIAL_AXES: usize = 3;

/// The order of a tensor's axes in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Layout {
    /// N, C, then the spatial axes: PyTorch's default, and ONNX's.
    #[default]
    Nchw,
    /// N, the spatial axes, then C: TensorFlow's default, and PyTorch's `channels_last`.
    Nhwc,
}

/// A tensor's shape: batch N, channels C and one to three spatial axes, and in which order they are stored: channels first (NCHW) or last
/// (NHWC), the last axis contiguous. Kernels read and write either as it is; nothing is transposed, and no answer depends on it.
///
/// ```
/// use plunge::Shape;
/// let shape = Shape::nchw([8, 64, 112, 112]);
/// assert_eq!((shape.batch(), shape.channels(), shape.spatial()), (8, 64, &[112, 112][..]));
/// assert_eq!(shape.elements(), 8 * 64 * 112 * 112);
///
/// let last = Shape::nhwc([8, 112, 112, 64]);
/// assert_eq!((last.batch(), last.channels(), last.spatial()), (8, 64, &[112, 112][..]));
/// assert_eq!((last.sizes(), last.stored_sizes()), (vec![8, 64, 112, 112], vec![8, 112, 112, 64]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    batch: usize,
    channels: usize,
    spatial: [usize; MAX_SPATIAL_AXES],
    rank: usize,
    layout: Layout,
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
        Self { batch: sizes[0], channels: sizes[1], spatial, rank: AXES - 2, layout: Layout::Nchw }
    }

    /// A shape stored with its channels last, from N, one to three spatial sizes and C; any other number of axes does not compile.
    ///
    /// A position's C channels lie side by side. A [sequence](crate::Region::Sequence) of shape \[B, T, D\] has its tokens for channels, so with
    /// channels last it is stored as \[B, D, T\].
    #[must_use]
    pub const fn nhwc<const AXES: usize>(sizes: [usize; AXES]) -> Self {
        const { assert!(AXES >= 3 && AXES <= 2 + MAX_SPATIAL_AXES, "a shape has N, one to three spatial axes and C") };
        let mut spatial = [1; MAX_SPATIAL_AXES];
        let mut axis = 1;
        while axis + 1 < AXES {
            spatial[axis - 1] = sizes[axis];
            axis += 1;
        }
        Self { batch: sizes[0], channels: sizes[AXES - 1], spatial, rank: AXES - 2, layout: Layout::Nhwc }
    }

    /// A shape from a list of sizes known only at run time, in the order in which they are stored.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] unless there are N, C and one to three spatial axes.
    pub fn from_stored(layout: Layout, sizes: &[usize]) -> Result<Self, Error> {
        match (layout, sizes) {
            (Layout::Nhwc, &[n, ref spatial @ .., c]) if (1..=MAX_SPATIAL_AXES).contains(&spatial.len()) => {
                Ok(Self::from_nchw(&[&[n, c], spatial].concat())?.in_layout(layout))
            }
            (Layout::Nhwc, _) => Err(Error::InvalidShape {
                expected: "N, one to three spatial axes, then C".into(),
                actual: format!("{sizes:?}"),
            }),
            (Layout::Nchw, _) => Self::from_nchw(sizes),
        }
    }

    /// The same sizes, stored in another order.
    #[must_use]
    pub const fn in_layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// A shape from a list of sizes known only at run time, stored in their order.
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

    /// The same channels, another batch, and so much more on the innermost spatial axes.
    pub(crate) fn grown(mut self, batch: usize, more: [u32; MAX_SPATIAL_AXES]) -> Option<Self> {
        self.batch = batch;
        let innermost = &more[MAX_SPATIAL_AXES - self.rank..];
        for (size, &more) in self.spatial.iter_mut().zip(innermost) {
            *size = size.checked_add(usize::try_from(more).ok()?)?;
        }
        Some(self)
    }

    /// The same channels and spatial sizes with another batch.
    pub(crate) fn with_batch(mut self, batch: usize) -> Self {
        self.batch = batch;
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

    /// The order in which the axes are stored.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// All sizes, N and C first, however they are stored.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        [&[self.batch, self.channels], self.spatial()].concat()
    }

    /// All sizes, in the order in which they are stored.
    #[must_use]
    pub fn stored_sizes(&self) -> Vec<usize> {
        match self.layout {
            Layout::Nchw => self.sizes(),
            Layout::Nhwc => [&[self.batch], self.spatial(), &[self.channels]].concat(),
        }
    }

    /// Values stored as this shape has them, with channels first.
    pub(crate) fn to_channels_first<T: Copy>(self, values: &[T]) -> Vec<T> {
        self.reordered(values, self.channels, self.spatial().iter().product())
    }

    /// Values with channels first, stored as this shape has them.
    #[allow(clippy::wrong_self_convention, reason = "the shape is told, not made")]
    pub(crate) fn from_channels_first<T: Copy>(self, values: &[T]) -> Vec<T> {
        self.reordered(values, self.spatial().iter().product(), self.channels)
    }

    /// Every image's rows of `columns` as columns.
    fn reordered<T: Copy>(self, values: &[T], columns: usize, rows: usize) -> Vec<T> {
        if self.layout == Layout::Nchw || rows == 0 || columns == 0 {
            return values.to_vec();
        }
        let images = values.chunks(rows * columns);
        images.flat_map(|image| (0..columns).flat_map(move |c| image.iter().skip(c).step_by(columns).copied())).collect()
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
        let sizes: Vec<String> = self.stored_sizes().iter().map(usize::to_string).collect();
        f.write_str(&sizes.join("x"))?;
        f.write_str(if self.layout == Layout::Nhwc { " (channels last)" } else { "" })
    }
}
