//! The parameters of the regions that have several.

use super::{Padding, PerAxis, Region};

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
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::serde_form::finite"))]
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
/// order of corners. Sample s of an axis, counted from the box's first, lies at start + (s + ½) · side/(bins · samples), each step of it rounded as IEEE 754 has it on every
/// device, so within a few ulp of torchvision's; a sample beyond −1 or the size is 0. So max is that of interpolated values (ONNX's max mode takes the largest weighted
/// corner instead). No indices.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RoiAlign {
    /// Bins on each of the two spatial axes.
    pub output_size: PerAxis<u32>,
    /// Input positions in one unit of the boxes' coordinates: finite and above 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::serde_form::finite"))]
    pub spatial_scale: f32,
    /// Samples on each axis of a bin, 1,024 at most; 0 takes ⌈side/bins⌉.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sampling_ratio: u32,
    /// Whether positions are pixel centres: corners move by −0.5, and small boxes stay small.
    #[cfg_attr(feature = "serde", serde(default = "super::serde_form::yes"))]
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
/// [`Op::Stochastic`](super::Op::Stochastic); then centroids move `iterations` times to the mean of their members (Lloyd). A position belongs to its nearest
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
