//! What to pool: an op, and a region.

mod per_axis;
mod regions;
#[cfg(feature = "serde")]
mod serde_form;

pub use per_axis::{Padding, PerAxis};
pub use regions::{ClusterBy, Clusters, Fractional, PaddingMode, RoiAlign, RoiPool, Window};

use crate::{Error, Op, Shape, geometry::Geometry};

/// One pooling: which statistic ([`Op`]) of which values ([`Region`]).
///
/// Plain data. With feature `serde` it reads and writes `{"op": …, "region": …, "activation": …}`.
///
/// ```
/// use plunge::{Op, Pooling, Region, Shape};
///
/// let pooling = Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]);
/// assert_eq!(pooling.output_shape(&Shape::nchw([8, 64, 112, 112]))?, Shape::nchw([8, 64, 56, 56]));
///
/// let pooling = Pooling::new(Op::Std, Region::Global);
/// assert_eq!(pooling.output_shape(&Shape::nchw([8, 64, 112, 112]))?, Shape::nchw([8, 64, 1, 1]));
/// # Ok::<(), plunge::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Pooling {
    /// The statistic.
    pub op: Op,
    /// The values that one output summarises.
    pub region: Region,
    /// The detector stage, applied to each value as it is loaded.
    #[cfg_attr(feature = "serde", serde(default))]
    pub activation: Option<Activation>,
}

/// Which values one output summarises.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Region {
    /// A sliding window. \[N, C, in…\] → \[N, C, out…\].
    Window(Window),
    /// Bins `⌊i·in/out⌋ … ⌈(i+1)·in/out⌉` of a grid of fixed size, whatever the input's: PyTorch's `AdaptiveAvgPool`.
    /// \[N, C, in…\] → \[N, C, output_size…\].
    Adaptive {
        /// Bins on each spatial axis.
        output_size: PerAxis<u32>,
    },
    /// The whole plane: ONNX's `GlobalMaxPool` and its kin. \[N, C, in…\] → \[N, C, 1…\].
    Global,
    /// Adaptive grids of several sizes, one after the other: spatial pyramid pooling. \[N, C, in…\] → \[N, C, Σ levelᵈ\] with d
    /// spatial axes, the levels in their order and the bins of each row-major. One dispatch.
    Pyramid {
        /// Bins of each grid on every axis.
        levels: Vec<u32>,
    },
    /// Windows at uneven steps. \[N, C, in…\] → \[N, C, output_size…\].
    Fractional(Fractional),
    /// Boxes of an image, each cut into a grid of bins: Fast R-CNN's `roi_pool`. \[N, C, H, W\] → \[K, C, output_size…\].
    RoiPool(RoiPool),
    /// Samples interpolated in the bins of boxes: Mask R-CNN's `roi_align`. \[N, C, H, W\] → \[K, C, output_size…\].
    RoiAlign(RoiAlign),
    /// Groups of g channels at each position: maxout. \[N, C, in…\] → \[N, C/g, in…\]. C must be a multiple of g.
    Channels {
        /// Channels in a group, g.
        group: u32,
        /// Whether group i is the channels i, i + C/g, i + 2C/g … and not the g channels from i·g on.
        strided: bool,
    },
    /// A window that slides over the channels at each position. \[N, C, in…\] → \[N, C_out, in…\] by the size formula of
    /// [`Window`].
    ChannelWindow {
        /// Channels in a window.
        kernel_size: u32,
        /// Distance between neighbouring windows; the kernel size where absent.
        stride: Option<u32>,
        /// Absent channels before the first and after the last.
        padding: [u32; 2],
    },
    /// The positions that bear one label: superpixels, cells, clusters. \[N, C, in…\] → \[N, C, S\]. Labels are \[N, in…\], from 0, or −1
    /// for a position in no segment.
    Segments {
        /// S: labels are below it. Where absent, the conveniences take the largest label and one.
        count: Option<u32>,
        /// What an empty segment answers; finite.
        empty: f32,
    },
    /// The tokens of a sequence whose mask is 1. \[B, T, D\] → \[B, 1, D\], the tensor being given as B, T "channels" and one axis of D. The
    /// mask is \[B, T\]; without one every token counts. A sequence without tokens answers 0.
    Sequence,
    /// The positions nearest to each of K centroids, other ones for every image, apart in every cell of a grid: locality in feature space
    /// (Boureau et al. 2011). \[N, C, in…\] → \[N, C, cells…, K\].
    Clusters(Clusters),
}

/// The detector stage: a function applied to each value as it is loaded, in f32. NaN survives each. On the way back, as in
/// PyTorch, relu's slope is 0 at x ≤ 0 and 1 at NaN, and that of `leaky_relu` 0.01 at both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Activation {
    /// max(x, 0)
    Relu,
    /// x, or 0.01 x below 0
    LeakyRelu,
    /// 1/(1 + e^−x)
    Sigmoid,
    /// tanh x
    Tanh,
}

impl Activation {
    /// Its name in specs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
        }
    }
}

impl Pooling {
    /// Any op in any region.
    #[must_use]
    pub fn new(op: Op, region: impl Into<Region>) -> Self {
        Self { op, region: region.into(), activation: None }
    }

    /// Puts a detector stage before the pooling: each value passes through `activation` as it is loaded.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = Some(activation);
        self
    }

    /// Max pooling in windows.
    #[must_use]
    pub fn max(kernel_size: impl Into<PerAxis<u32>>) -> Self {
        Self::new(Op::Max, Window::new(kernel_size))
    }

    /// Average pooling in windows, padding counted: PyTorch's default.
    #[must_use]
    pub fn average(kernel_size: impl Into<PerAxis<u32>>) -> Self {
        Self::new(Op::AVERAGE, Window::new(kernel_size))
    }

    /// Sets a window's stride. Regions that are no windows stay as they are, here and in the methods below.
    #[must_use]
    pub fn stride(self, stride: impl Into<PerAxis<u32>>) -> Self {
        self.with_window(|window| window.stride = Some(stride.into()))
    }

    /// Sets a window's padding: `[1, 1]` on both sides of each axis, `[[0, 1], [0, 1]]` by begin and end, or a [`Padding`].
    #[must_use]
    pub fn padding(self, padding: impl Into<Padding>) -> Self {
        self.with_window(|window| window.padding = padding.into())
    }

    /// Sets a window's dilation.
    #[must_use]
    pub fn dilation(self, dilation: impl Into<PerAxis<u32>>) -> Self {
        self.with_window(|window| window.dilation = dilation.into())
    }

    /// Sets whether a last, smaller window is kept.
    #[must_use]
    pub fn ceil_mode(self, ceil_mode: bool) -> Self {
        self.with_window(|window| window.ceil_mode = ceil_mode)
    }

    fn with_window(mut self, change: impl FnOnce(&mut Window)) -> Self {
        if let Region::Window(window) = &mut self.region {
            change(window);
        }
        self
    }

    /// The shape that this pooling makes of `input`.
    ///
    /// # Errors
    /// `Invalid…` where the spec makes no sense on that shape, [`Error::Unsupported`] for what this version does not have,
    /// [`Error::UnsupportedSize`] for more than it counts: sizes and padding of 2³¹, 65,535 bins on an axis, 2²⁴ cells of a pyramid, 32,768 segments,
    /// 1,024 clusters or iterations, and clusters of 3,000,000 positions.
    pub fn output_shape(&self, input: &Shape) -> Result<Shape, Error> {
        Geometry::resolve(self, input).map(|geometry| geometry.output)
    }

    /// An upper bound of the taps that one output has, from which the cost of a pooling can be told.
    ///
    /// # Errors
    /// As [`output_shape`](Self::output_shape).
    pub fn most_taps(&self, input: &Shape) -> Result<u64, Error> {
        Geometry::resolve(self, input).map(|geometry| geometry.most_taps())
    }
}
