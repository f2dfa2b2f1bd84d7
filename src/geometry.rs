//! Sizes: the one output-size formula, and what a kernel must know of each axis.

use crate::{
    Error, Layout, OpKind, Pooling, Region, RoiAlign, Shape, Window, op::WeightingKind, shape::MAX_SPATIAL_AXES,
    spec::PaddingMode,
};

mod axes;
mod kinds;
mod lists;
mod parts;
mod sides;
mod unpool;
mod walk;

use axes::{adaptive_axes, as_windows, fractional_axes, one_run, window_axes};
pub use kinds::RegionKind;
pub(crate) use sides::{Found, Labels, Side};
pub(crate) use walk::{Axis, Order, Walk};

/// Sizes that index arithmetic holds in 32 bits must stay below this, so that sums of two of them fit too.
const INDEX_LIMIT: i64 = 1 << 31;

/// A pooling resolved on a shape: every axis in numbers, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    /// The shape of one output's taps, which kernels walk.
    pub(crate) walk: Walk,
    /// Depth, height, width; an absent axis has size 1 and one tap. Where a region runs over channels, they are the depth, and
    /// the positions of a plane, which it leaves alone, are the width.
    pub(crate) axes: [Axis; MAX_SPATIAL_AXES],
    /// Channels apart from those among the axes.
    pub(crate) channels: usize,
    /// How the tensors lie in memory.
    pub(crate) order: Order,
    /// Numbers of the region that follow no formula of the axes; its file in shaders/region says which. Empty for most.
    pub(crate) table: Vec<u32>,
    /// How many weights the op reads, given or preset.
    pub(crate) weights: u64,
    /// What the region reads beside the input, if anything, which steps of their own digest into the table.
    pub(crate) side: Option<Side>,
    /// What the region's files read from `params.region` and `params.region_words`.
    pub(crate) region: [f32; 4],
    pub(crate) region_words: [u32; 4],
}

impl Geometry {
    /// Checks a pooling against a shape and resolves every axis.
    pub(crate) fn resolve(pooling: &Pooling, input: &Shape) -> Result<Self, Error> {
        pooling.op.validate()?;
        let sizes = input
            .spatial()
            .iter()
            .map(|&size| match i64::try_from(size) {
                Ok(0) => {
                    Err(Error::InvalidShape { expected: "at least 1 on every spatial axis".into(), actual: input.to_string() })
                }
                Ok(size) if size < INDEX_LIMIT => Ok(size),
                _ => Err(Error::UnsupportedSize {
                    what: format!("spatial axis in {input}"),
                    limit: INDEX_LIMIT.unsigned_abs() - 1,
                    actual: size as u64,
                }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_weighting(pooling)?;
        if pooling.region.kind() != RegionKind::Window {
            check_blocks(pooling.op.kind(), Walk::Global, &[])?;
        }
        let (walk, axes, table) = match &pooling.region {
            Region::Window(window) => {
                let walk = match window.padding_mode {
                    PaddingMode::Ignore => Walk::Window,
                    PaddingMode::Reflect => Walk::Reflect,
                    PaddingMode::Edge => Walk::Edge,
                };
                (walk, window_axes(window, &sizes)?, Vec::new())
            }
            Region::Adaptive { output_size } => {
                let (walk, axes) = as_windows(adaptive_axes(&output_size.resolve("output_size", sizes.len())?, &sizes)?);
                (walk, axes, Vec::new())
            }
            Region::Global => {
                let whole = |&size| Ok(Axis::whole(narrow(size)?, 1));
                (Walk::Global, sizes.iter().map(whole).collect::<Result<_, Error>>()?, Vec::new())
            }
            Region::Pyramid { levels } => return Self::pyramid(levels, input, &sizes),
            Region::Fractional(fractional) => {
                let (axes, table) = fractional_axes(fractional, &sizes)?;
                (Walk::Fractional, axes, table)
            }
            Region::RoiPool(_) | Region::RoiAlign(_) => return Self::boxes(&pooling.region, input, &sizes),
            Region::Segments { count, empty } => return Self::segments(*count, *empty, input),
            Region::Sequence => return Self::sequence(input),
            Region::Clusters(clusters) => return Self::clusters(clusters, input),
            Region::Channels { .. } | Region::ChannelWindow { .. } => return Self::over_channels(&pooling.region, input),
        };
        let spatial: Vec<usize> = axes.iter().map(|axis| axis.output as usize).collect();
        let mut three = [Axis::ABSENT; MAX_SPATIAL_AXES];
        three[MAX_SPATIAL_AXES - axes.len()..].copy_from_slice(&axes);
        let (input, output) = (*input, input.with_spatial(&spatial));
        if walk == Walk::Global && pooling.op.weighting() == WeightingKind::One {
            three = one_run(three);
        }
        let weights = match pooling.op.kind().row().weighting {
            WeightingKind::Table => {
                let sets = if pooling.op.given_weights() == Some(true) { input.channels() as u64 } else { 1 };
                three.iter().fold(sets, |taps, axis| taps.saturating_mul(u64::from(axis.kernel)))
            }
            _ => 0,
        };
        check_blocks(pooling.op.kind(), walk, &axes)?;
        let resolved = Self { table, weights, ..Self::plain(input, output, walk, three) };
        // Elsewhere a region is within the input; padding that holds values has no such bound.
        if resolved.most_taps() >= INDEX_LIMIT.unsigned_abs() && matches!(walk, Walk::Reflect | Walk::Edge) {
            let limit = INDEX_LIMIT.unsigned_abs() - 1;
            return Err(Error::UnsupportedSize { what: "taps of one window".into(), limit, actual: resolved.most_taps() });
        }
        Ok(resolved)
    }

    /// A region that needs nothing but its axes.
    fn plain(input: Shape, output: Shape, walk: Walk, axes: [Axis; MAX_SPATIAL_AXES]) -> Self {
        Self {
            input,
            output,
            walk,
            axes,
            channels: output.channels(),
            // One channel lies first and last.
            order: match input.layout() {
                Layout::Nhwc if input.channels().max(output.channels()) > 1 => Order::ChannelsLast,
                _ => Order::ChannelsFirst,
            },
            table: Vec::new(),
            weights: 0,
            side: None,
            region: [0.0; 4],
            region_words: [0; 4],
        }
    }

    /// The same where the depth are the channels.
    fn along_channels(self) -> Self {
        let order = match self.input.layout() {
            Layout::Nhwc if self.axes[2].input > 1 => Order::DepthLast,
            _ => Order::ChannelsFirst,
        };
        Self { channels: 1, order, ..self }
    }

    /// Bins of boxes, in whole positions or of samples.
    fn boxes(region: &Region, input: &Shape, sizes: &[i64]) -> Result<Self, Error> {
        const MOST_SAMPLES: u32 = 1 << 10;
        let name = region.kind().name();
        if sizes.len() != 2 {
            let because = format!("boxes lie on two spatial axes, and the input has {}", sizes.len());
            return Err(Error::unsupported(name, because));
        }
        let (output_size, scale, ratio, aligned, position_sensitive, max_boxes) = match region {
            Region::RoiPool(boxes) => (&boxes.output_size, boxes.spatial_scale, 1, false, false, boxes.max_boxes),
            Region::RoiAlign(boxes) => {
                let RoiAlign { output_size, spatial_scale, sampling_ratio, aligned, position_sensitive, max_boxes } = boxes;
                (output_size, *spatial_scale, *sampling_ratio, *aligned, *position_sensitive, *max_boxes)
            }
            _ => return Err(Error::unsupported(name, "it has no boxes")),
        };
        if !scale.is_finite() || scale <= 0.0 {
            return Err(Error::parameter("spatial_scale", "finite and above 0", scale));
        }
        if ratio > MOST_SAMPLES {
            let what = "sampling_ratio".into();
            return Err(Error::UnsupportedSize { what, limit: MOST_SAMPLES.into(), actual: ratio.into() });
        }
        let count = max_boxes.ok_or_else(|| Error::parameter("max_boxes", "given: the most boxes there may be", "absent"))?;
        let walk = if matches!(region, Region::RoiPool(_)) { Walk::RoiPool } else { Walk::RoiAlign };
        let mut axes = [Axis::ABSENT; MAX_SPATIAL_AXES];
        for (axis, bins) in axes[1..].iter_mut().zip(adaptive_axes(&output_size.resolve("output_size", 2)?, sizes)?) {
            // A bin of the longest box that is not refused.
            let longest = box_longest(bins.input).div_ceil(bins.output).saturating_add(1);
            *axis = Axis { kernel: if walk == Walk::RoiAlign && ratio > 0 { ratio } else { longest }, ..bins };
        }
        let bins = (axes[1].output as usize).saturating_mul(axes[2].output as usize);
        if position_sensitive && !input.channels().is_multiple_of(bins) {
            let (expected, actual) = (format!("a multiple of {bins} channels"), input.to_string());
            return Err(Error::InvalidShape { expected, actual });
        }
        let channels = if position_sensitive { input.channels() / bins } else { input.channels() };
        // No image, no box.
        let count = if input.batch() == 0 { 0 } else { count };
        let output = Shape::nchw([count as usize, channels, axes[1].output as usize, axes[2].output as usize]);
        let output = output.in_layout(input.layout());
        // Whoever plans has refused more elements than u32 can count.
        let word = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        Ok(Self {
            side: Some(Side::Boxes(count)),
            region: [0.0, scale, if aligned { 0.5 } else { 0.0 }, 0.0],
            region_words: [word(input.channels()), word(input.batch()), ratio, position_sensitive.into()],
            ..Self::plain(*input, output, walk, axes)
        })
    }

    /// A pyramid's cells stand in one row, level after level; the table tells where each level begins and its bins on each axis.
    fn pyramid(levels: &[u32], input: &Shape, sizes: &[i64]) -> Result<Self, Error> {
        const MOST_CELLS: u64 = 1 << 24;
        if levels.is_empty() {
            return Err(Error::parameter("levels", "at least one", "none"));
        }
        let absent = MAX_SPATIAL_AXES - sizes.len();
        let mut axes = [Axis::ABSENT; MAX_SPATIAL_AXES];
        let mut table = vec![u32::try_from(levels.len()).unwrap_or(u32::MAX)];
        let mut cells = 0u64;
        for &level in levels {
            let bins = adaptive_axes(&vec![level; sizes.len()], sizes).map_err(|error| match error {
                Error::InvalidAxis { expected, actual, .. } => {
                    Error::InvalidParameter { parameter: "levels", expected, actual }
                }
                other => other,
            })?;
            let mut row = [1; MAX_SPATIAL_AXES];
            for (axis, bins) in bins.into_iter().enumerate() {
                let (most, so_far) = (bins.most_taps(Walk::Adaptive), axes[absent + axis].kernel);
                let kernel = u32::try_from(most).unwrap_or(u32::MAX).max(so_far);
                axes[absent + axis] = Axis { kernel, ..Axis::whole(bins.input, 1) };
                row[absent + axis] = level;
            }
            table.push(u32::try_from(cells).unwrap_or(u32::MAX));
            table.extend(row);
            cells = cells.saturating_add(row.iter().fold(1, |product, &bins| product.saturating_mul(u64::from(bins))));
            if cells > MOST_CELLS {
                return Err(Error::UnsupportedSize {
                    what: "number of cells in a pyramid".into(),
                    limit: MOST_CELLS,
                    actual: cells,
                });
            }
        }
        axes[MAX_SPATIAL_AXES - 1].output = u32::try_from(cells).unwrap_or(u32::MAX);
        let output = input.with_spatial(&[axes[MAX_SPATIAL_AXES - 1].output as usize]);
        Ok(Self { table, ..Self::plain(*input, output, Walk::Pyramid, axes) })
    }

    /// A region over channels is a window over the depth of a tensor [N, 1, C, 1, positions].
    fn over_channels(region: &Region, input: &Shape) -> Result<Self, Error> {
        let channels = input.channels();
        let window = match *region {
            Region::Channels { group, strided } => {
                let size = group as usize;
                if size == 0 || !channels.is_multiple_of(size) {
                    return Err(Error::parameter("group", &format!("a divisor of the {channels} channels"), group));
                }
                let groups = u32::try_from(channels / size).unwrap_or(u32::MAX).max(1);
                let mut window = Window::new(group);
                if strided {
                    (window.stride, window.dilation) = (Some(1.into()), groups.into());
                }
                window
            }
            Region::ChannelWindow { kernel_size, stride, padding } => {
                let mut window = Window::new(kernel_size);
                window.stride = stride.map(Into::into);
                window.padding = [padding].into();
                window
            }
            _ => return Err(Error::unsupported(region.kind().name(), "it does not run over channels")),
        };
        let positions = input.spatial().iter().fold(1, |n: usize, &size| n.saturating_mul(size));
        let too_large = |what: &str, actual: usize| Error::UnsupportedSize {
            what: format!("{what} of {input}"),
            limit: INDEX_LIMIT.unsigned_abs() - 1,
            actual: actual as u64,
        };
        let [depth, width] = [(channels, "channels"), (positions, "plane")]
            .map(|(size, what)| i64::try_from(size).ok().filter(|&n| n < INDEX_LIMIT).ok_or_else(|| too_large(what, size)));
        // No channel, no window; an axis of size 1 stands in, and nothing runs.
        let depth = window_axes(&window, &[depth?.max(1)]).map_err(|error| match error {
            Error::InvalidAxis { parameter, expected, actual, .. } => Error::InvalidParameter { parameter, expected, actual },
            other => other,
        })?[0];
        let width = narrow(width?)?;
        let output = input.with_channels(if channels == 0 { 0 } else { depth.output as usize });
        let axes = [depth, Axis::ABSENT, Axis::whole(width, width)];
        Ok(Self::plain(*input, output, Walk::Window, axes).along_channels())
    }

    /// An upper bound of the loop turns in which an invocation walks one output's taps row by row, in blocks of 32.
    pub(crate) fn most_turns(&self) -> u64 {
        let [slices, rows, columns] = self.axes.map(|axis| axis.most_taps(self.walk));
        let row = columns.saturating_add(3 * columns.div_ceil(32)) + 3;
        slices.saturating_mul(rows.saturating_mul(row).saturating_add(4)).saturating_add(4)
    }

    /// Whether a region may be without taps: a box or segment, or a window of which dilation leaves all taps in the padding.
    pub(crate) fn may_be_empty(&self) -> bool {
        self.walk.fills_empty() || self.walk == Walk::Window && self.axes.iter().any(|axis| axis.dilation > 1)
    }

    /// An upper bound of the taps that one output has.
    pub(crate) fn most_taps(&self) -> u64 {
        self.axes.iter().fold(1, |taps, axis| taps.saturating_mul(axis.most_taps(self.walk)))
    }
}

/// Whether regions are blocks that do not overlap, where the op needs such.
fn check_blocks(op: OpKind, walk: Walk, axes: &[Axis]) -> Result<(), Error> {
    let why =
        "its blocks must not overlap, as windows with stride = kernel_size, undilated and without reflect or edge padding";
    let apart = |axis: &Axis| axis.stride == axis.kernel && axis.dilation == 1;
    let needed = !Walk::Global.has_blocks_for(op);
    if !needed || walk.has_blocks_for(op) && axes.iter().all(apart) {
        return Ok(());
    }
    Err(Error::unsupported(format!("{op} in these regions"), why))
}

/// Whether what taps weigh has a meaning in the region.
fn check_weighting(pooling: &Pooling) -> Result<(), Error> {
    let (op, region) = (pooling.op.kind(), pooling.region.kind());
    let because = match pooling.op.weighting() {
        WeightingKind::Gaussian if !region.is_spatial() => "such a region has no centre to measure distances from",
        WeightingKind::Position if region != RegionKind::Sequence => "only the tokens of a sequence are weighed by their place",
        WeightingKind::Table if region != RegionKind::Window => {
            "a weight for each tap needs taps that every output has alike, as windows have them"
        }
        _ => return Ok(()),
    };
    Err(Error::unsupported(format!("{op} over {}", region.name()), because))
}

/// The longest box, in positions, on an axis of `size`.
pub(crate) fn box_longest(size: u32) -> u32 {
    size.saturating_mul(4).saturating_add(16)
}

/// A size that index arithmetic holds.
fn word(what: &str, size: usize) -> Result<u32, Error> {
    let fits = u32::try_from(size).ok().filter(|&size| i64::from(size) < INDEX_LIMIT);
    let limit = INDEX_LIMIT.unsigned_abs() - 1;
    fits.ok_or_else(|| Error::UnsupportedSize { what: what.into(), limit, actual: size as u64 })
}

fn narrow(size: i64) -> Result<u32, Error> {
    u32::try_from(size).map_err(|_| Error::UnsupportedSize {
        what: "axis".into(),
        limit: u64::from(u32::MAX),
        actual: size.unsigned_abs(),
    })
}

#[cfg(test)]
mod tests;
