//! What to pool: an op, and a region.

mod per_axis;
#[cfg(feature = "serde")]
mod serde_form;

pub use per_axis::{Padding, PerAxis};

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

/// A sliding window over one to three spatial axes.
///
/// An axis of size `in` gives `⌊(in + pb + pe − d(k−1) − 1)/s⌋ + 1` outputs, or `⌈…⌉ + 1` with `ceil_mode`, less one where the
/// last window would start beyond the input and its begin padding. Padding is absent values, never zeros that could win; on each side it
/// is at most d(k − 1), which is looser than PyTorch's half a kernel.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Window {
    /// Taps on each spatial axis.
    pub kernel_size: PerAxis<u32>,
    /// Distance between neighbouring windows; the kernel size where absent.
    #[cfg_attr(feature = "serde", serde(default))]
    pub stride: Option<PerAxis<u32>>,
    /// Absent values around the input.
    #[cfg_attr(feature = "serde", serde(default))]
    pub padding: Padding,
    /// Distance between neighbouring taps.
    #[cfg_attr(feature = "serde", serde(default = "PerAxis::one"))]
    pub dilation: PerAxis<u32>,
    /// Whether a last, smaller window covers what floor division leaves over.
    #[cfg_attr(feature = "serde", serde(default))]
    pub ceil_mode: bool,
    /// What stands in the padding.
    #[cfg_attr(feature = "serde", serde(default))]
    pub padding_mode: PaddingMode,
}

/// Fractional pooling (Graham 2014; `torch.nn.FractionalMaxPool2d`): windows of one size whose steps are uneven.
///
/// With α = (in − k)/(out − 1) and a sample u in \[0, 1), window i begins at ⌊(i + u)α⌋ − ⌊uα⌋ and the last at in − k, computed in
/// f64 (PyTorch computes in the tensor's type, and may differ by one where f32 rounds). One output is the last window. Or the starts
/// are given. Exactly one of `samples` and `starts` must be there.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Fractional {
    /// Taps on each spatial axis; at most the input's size.
    pub kernel_size: PerAxis<u32>,
    /// Windows on each spatial axis.
    pub output_size: PerAxis<u32>,
    /// One u an axis.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub samples: Option<Vec<f64>>,
    /// Where each window begins, a list an axis.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub starts: Option<Vec<Vec<u32>>>,
}

impl Fractional {
    /// Windows whose starts follow from a sample in \[0, 1) for each axis.
    #[must_use]
    pub fn sampled(kernel_size: impl Into<PerAxis<u32>>, output_size: impl Into<PerAxis<u32>>, samples: Vec<f64>) -> Self {
        Self { kernel_size: kernel_size.into(), output_size: output_size.into(), samples: Some(samples), starts: None }
    }

    /// Windows with the starts given, a list an axis.
    #[must_use]
    pub fn starting(kernel_size: impl Into<PerAxis<u32>>, output_size: impl Into<PerAxis<u32>>, starts: Vec<Vec<u32>>) -> Self {
        Self { kernel_size: kernel_size.into(), output_size: output_size.into(), samples: None, starts: Some(starts) }
    }
}

impl From<Fractional> for Region {
    fn from(fractional: Fractional) -> Self {
        Self::Fractional(fractional)
    }
}

/// Boxes in whole positions, cut into bins (Girshick 2015; `torchvision.ops.roi_pool`).
///
/// A box is five numbers, batch, x1, y1, x2, y2, f32. Its corners are `round(coord · spatial_scale)`, half away from zero; it has
/// r = `max(end − start + 1, 1)` positions on an axis and bins `⌊i·r/out⌋ … ⌈(i+1)·r/out⌉` clipped to the plane. An empty bin gives 0 for
/// every op, and index −1. Everything is whole numbers but the one product, so every adapter finds the same bins.
///
/// A box is refused (by the conveniences; on the device it gives 0 and raises the status) where its batch is no image, where
/// a scaled corner is no number or beyond 2²², and where it is longer than 4·in + 16 positions on an axis.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RoiPool {
    /// Bins on each of the two spatial axes.
    pub output_size: PerAxis<u32>,
    /// Input positions in one unit of the boxes' coordinates: finite and above 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "serde_form::finite"))]
    pub spatial_scale: f32,
    /// K: the largest number of boxes. Where absent, the conveniences take as many as they are given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub max_boxes: Option<u32>,
}

impl RoiPool {
    /// Bins of boxes whose number is known when they are given.
    #[must_use]
    pub fn new(output_size: impl Into<PerAxis<u32>>, spatial_scale: f32) -> Self {
        Self { output_size: output_size.into(), spatial_scale, max_boxes: None }
    }
}

impl From<RoiPool> for Region {
    fn from(boxes: RoiPool) -> Self {
        Self::RoiPool(boxes)
    }
}

/// Interpolated samples in the bins of boxes (He et al. 2017; `torchvision.ops.roi_align`, and `ps_roi_align` where
/// position-sensitive).
///
/// A box is as in [`RoiPool`], its corners not rounded. V is the samples of a bin, each interpolated between four values, in f32 and torchvision's
/// order; a sample beyond −1 or the size is 0. So max is that of interpolated values (ONNX's max mode takes the largest weighted
/// corner instead). No indices.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RoiAlign {
    /// Bins on each of the two spatial axes.
    pub output_size: PerAxis<u32>,
    /// Input positions in one unit of the boxes' coordinates: finite and above 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "serde_form::finite"))]
    pub spatial_scale: f32,
    /// Samples on each axis of a bin, 1,024 at most; 0 takes ⌈side/bins⌉.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sampling_ratio: u32,
    /// Whether positions are pixel centres: corners move by −0.5, and small boxes stay small.
    #[cfg_attr(feature = "serde", serde(default = "serde_form::yes"))]
    pub aligned: bool,
    /// Whether bin (i, j) of output channel c reads input channel (c·oh + i)·ow + j: \[K, C/(oh·ow), oh, ow\].
    #[cfg_attr(feature = "serde", serde(default))]
    pub position_sensitive: bool,
    /// K: the largest number of boxes. Where absent, the conveniences take as many as they are given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub max_boxes: Option<u32>,
}

impl RoiAlign {
    /// Aligned samples, as many as the bins are large.
    #[must_use]
    pub fn new(output_size: impl Into<PerAxis<u32>>, spatial_scale: f32) -> Self {
        Self {
            output_size: output_size.into(),
            spatial_scale,
            sampling_ratio: 0,
            aligned: true,
            position_sensitive: false,
            max_boxes: None,
        }
    }
}

impl From<RoiAlign> for Region {
    fn from(boxes: RoiAlign) -> Self {
        Self::RoiAlign(boxes)
    }
}

/// Clusters of every image's positions by k-means, on the device.
///
/// A position is the point of its C values behind the activation, its coordinates in positions, or both. The first of K seeds is drawn evenly
/// and every other in proportion to the squared distance from the nearest so far (k-means++), by the generator of
/// [`Op::Stochastic`]; then centroids move `iterations` times to the mean of their members (Lloyd). A position belongs to its nearest
/// centroid, the smaller number among equals; a centroid without members stays. Position p of an axis is in cell ⌊p·cells/in⌋. An empty
/// cluster of a cell answers 0.
///
/// All in f32: adapters and the reference agree but where two centroids are equally near to within rounding. Where values count, a
/// position with one beyond 2⁵⁰, infinite or NaN is in no cluster. One or two spatial axes. No indices.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Clusters {
    /// K, clusters in every image.
    pub centroids: u32,
    /// Cells on each spatial axis, at most one a position.
    #[cfg_attr(feature = "serde", serde(default = "PerAxis::one"))]
    pub cells: PerAxis<u32>,
    /// How often centroids move.
    pub iterations: u32,
    /// What the seeds depend on.
    pub seed: u64,
    /// What a point is.
    #[cfg_attr(feature = "serde", serde(default))]
    pub coordinates: ClusterBy,
    /// Whether a position weighs Σ max(value, 0) over its channels, in the draws and in the means.
    #[cfg_attr(feature = "serde", serde(default))]
    pub activation_weighted: bool,
}

/// What a position is to k-means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ClusterBy {
    /// Its C values.
    #[default]
    Features,
    /// Its coordinates.
    Positions,
    /// Its C values, then its coordinates.
    Both,
}

impl Clusters {
    /// K clusters of all positions by their values; centroids move `iterations` times.
    #[must_use]
    pub fn new(centroids: u32, iterations: u32, seed: u64) -> Self {
        Self {
            centroids,
            cells: PerAxis::one(),
            iterations,
            seed,
            coordinates: ClusterBy::Features,
            activation_weighted: false,
        }
    }
}

impl From<Clusters> for Region {
    fn from(clusters: Clusters) -> Self {
        Self::Clusters(clusters)
    }
}

/// What stands in a window's padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PaddingMode {
    /// Nothing: padding is absent values.
    #[default]
    Ignore,
    /// The input mirrored about its first and last value, which are not repeated: `torch.nn.ReflectionPad`. Padding must be below
    /// the input's size. Taps in it are taps like others, to every op; the overhang of `ceil_mode` stays absent; no indices.
    Reflect,
    /// The nearest edge value: `torch.nn.ReplicationPad`. Else as [`Reflect`](Self::Reflect).
    Edge,
}

/// The detector stage: a function applied to each value as it is loaded, in f32. NaN survives each.
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

impl Window {
    /// A window of `kernel_size` taps; stride is the kernel size, no padding, no dilation.
    #[must_use]
    pub fn new(kernel_size: impl Into<PerAxis<u32>>) -> Self {
        Self {
            kernel_size: kernel_size.into(),
            stride: None,
            padding: Padding::default(),
            dilation: PerAxis::one(),
            ceil_mode: false,
            padding_mode: PaddingMode::Ignore,
        }
    }
}

impl From<Window> for Region {
    fn from(window: Window) -> Self {
        Self::Window(window)
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
