//! Sizes: the one output-size formula, and what a kernel must know of each axis.

use crate::{
    ClusterBy, Clusters, Error, Fractional, Layout, OpKind, Padding, Pooling, Region, RoiAlign, Shape, Window,
    op::WeightingKind, shape::MAX_SPATIAL_AXES, spec::PaddingMode,
};

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

/// Where the channels lie in memory: a file of shaders/layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Before the axes.
    ChannelsFirst,
    /// Behind the axes.
    ChannelsLast,
    /// They are the depth, and lie behind the other axes.
    DepthLast,
}

/// What a region reads beside the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// At most so many boxes.
    Boxes(u32),
    /// A label for each position.
    Labels(Labels),
    /// Labels that steps find among the input itself.
    Clusters(Found),
}

/// Clusters to find, and the labels that come of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) labels: Labels,
    pub(crate) channels: u32,
    pub(crate) centroids: u32,
    /// Size and cells in height and width.
    pub(crate) axes: [[u32; 2]; 2],
    /// 1 where values count, 2 where coordinates do, 4 where positions weigh by activation.
    pub(crate) what: u32,
    pub(crate) iterations: u32,
    pub(crate) seed: u64,
}

impl Found {
    /// Numbers that make a point.
    pub(crate) fn numbers(&self) -> u32 {
        (if self.what & 1 != 0 { self.channels } else { 0 }) + (self.what & 2)
    }

    /// Words of scratch: three a position, and the centroids.
    pub(crate) fn scratch_words(&self) -> u64 {
        let centroids = u64::from(self.labels.images) * u64::from(self.centroids) * u64::from(self.numbers());
        centroids.saturating_add(self.labels.count().saturating_mul(3))
    }
}

/// Labels of the positions of some images, or masks of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) images: u32,
    pub(crate) positions: u32,
    pub(crate) segments: u32,
    /// Whether they are a mask of 0 and 1, and not labels from −1.
    pub(crate) mask: bool,
}

impl Labels {
    /// The most segments: an invocation has a counter for each.
    const MOST_SEGMENTS: u32 = 1 << 15;
    /// The most positions in a chunk, for the same reason as the planner's bounds on loops.
    const MOST_IN_CHUNK: u32 = 28_000;

    fn checked(self) -> Result<Self, Error> {
        for (what, limit, actual) in [
            ("number of segments", Self::MOST_SEGMENTS, self.segments),
            (
                "positions of one label map, with so many segments",
                self.most_chunks().saturating_mul(Self::MOST_IN_CHUNK),
                self.positions,
            ),
        ] {
            if actual > limit {
                return Err(Error::UnsupportedSize { what: what.into(), limit: limit.into(), actual: actual.into() });
            }
        }
        Ok(self)
    }

    /// Chunks of an image that are counted apart: as many as leave the counters of an image to one workgroup.
    fn most_chunks(self) -> u32 {
        ((1 << 20) / self.segments.max(1)).max(1)
    }

    /// Chunks of an image, and positions in each.
    pub(crate) fn chunks(self) -> [u32; 2] {
        let chunks = self.positions.div_ceil(256).clamp(1, self.most_chunks());
        let size = self.positions.div_ceil(chunks);
        [self.positions.div_ceil(size), size]
    }

    /// How many labels there are.
    pub(crate) fn count(self) -> u64 {
        u64::from(self.images) * u64::from(self.positions)
    }

    /// A number for each segment of each image, and one more.
    pub(crate) fn rows(self) -> u64 {
        u64::from(self.images) * (u64::from(self.segments) + 1)
    }

    /// The most parts of 256 taps that an image's segments have.
    pub(crate) fn most_parts(self) -> u64 {
        u64::from(self.segments) + u64::from(self.positions) / 256
    }
}

impl Side {
    /// Words of the table that it is digested into.
    pub(crate) fn table_words(self) -> u64 {
        match self {
            Self::Boxes(count) => u64::from(count) * 8,
            Self::Labels(_) | Self::Clusters(_) => self.labels().map_or(0, |labels| 2 * labels.rows() + labels.count()),
        }
    }

    /// The labels, given or found.
    pub(crate) fn labels(self) -> Option<Labels> {
        match self {
            Self::Labels(labels) | Self::Clusters(Found { labels, .. }) => Some(labels),
            Self::Boxes(_) => None,
        }
    }
}

/// How the taps of one output lie: a file of shaders/region. Regions that only differ in what they call their axes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Walk {
    Window,
    Adaptive,
    Global,
    Pyramid,
    Fractional,
    /// A window whose padding mirrors the input.
    Reflect,
    /// A window whose padding repeats the input's edge.
    Edge,
    RoiPool,
    RoiAlign,
    /// The positions that the table lists.
    List,
}

impl Walk {
    pub(crate) const ALL: [Self; 10] = [
        Self::Window,
        Self::Adaptive,
        Self::Global,
        Self::Pyramid,
        Self::Fractional,
        Self::Reflect,
        Self::Edge,
        Self::RoiPool,
        Self::RoiAlign,
        Self::List,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Adaptive => "adaptive",
            Self::Global => "global",
            Self::Pyramid => "pyramid",
            Self::Fractional => "fractional",
            Self::Reflect => "window_reflect",
            Self::Edge => "window_edge",
            Self::RoiPool => "roi_pool",
            Self::RoiAlign => "roi_align",
            Self::List => "list",
        }
    }

    /// Whether its taps can be weighed so.
    pub(crate) fn takes(self, weighting: WeightingKind) -> bool {
        match weighting {
            WeightingKind::One => true,
            WeightingKind::Gaussian => self != Self::List,
            WeightingKind::Position => self == Self::List,
            WeightingKind::Table => matches!(self, Self::Window | Self::Reflect | Self::Edge),
        }
    }

    /// Whether indices of its taps may be asked for, of some region that walks so.
    pub(crate) fn has_indices(self) -> bool {
        matches!(self, Self::Window | Self::Adaptive | Self::Global | Self::Fractional | Self::RoiPool)
    }

    /// Whether it may have the blocks that the op needs, if it needs any.
    pub(crate) fn has_blocks_for(self, op: OpKind) -> bool {
        self == Self::Window || !matches!(op, OpKind::ProbabilisticMax | OpKind::ProbabilisticMaxSample)
    }

    /// Whether a region without taps answers `empty`, whatever the op says.
    pub(crate) fn fills_empty(self) -> bool {
        matches!(self, Self::RoiPool | Self::RoiAlign | Self::List)
    }

    /// Whether its kernels read a table of numbers.
    pub(crate) fn has_table(self) -> bool {
        matches!(self, Self::Pyramid | Self::Fractional | Self::RoiPool | Self::RoiAlign | Self::List)
    }
}

/// A region without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the region of the same name")]
pub enum RegionKind {
    Window,
    Adaptive,
    Global,
    Pyramid,
    Fractional,
    RoiPool,
    RoiAlign,
    Channels,
    ChannelWindow,
    Segments,
    Sequence,
    Clusters,
}

/// One spatial axis: its sizes, and the window on it where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) kernel: u32,
    pub(crate) stride: u32,
    pub(crate) dilation: u32,
    pub(crate) pad_begin: u32,
    pub(crate) pad_end: u32,
}

impl Axis {
    pub(crate) const ABSENT: Self = Self::whole(1, 1);

    /// An axis without a window.
    pub(crate) const fn whole(input: u32, output: u32) -> Self {
        Self { input, output, kernel: 1, stride: 1, dilation: 1, pad_begin: 0, pad_end: 0 }
    }

    /// An upper bound of the taps that one output has on this axis.
    pub(crate) fn most_taps(&self, walk: Walk) -> u64 {
        match walk {
            Walk::Reflect | Walk::Edge | Walk::RoiAlign => return u64::from(self.kernel),
            Walk::Window | Walk::Pyramid | Walk::Fractional | Walk::RoiPool | Walk::List => {
                u64::from(self.kernel.min(self.input))
            }
            Walk::Adaptive => u64::from(self.input.div_ceil(self.output)) + 1,
            Walk::Global => u64::from(self.input),
        }
        .min(u64::from(self.input))
    }
}

impl RegionKind {
    /// Every region, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Window,
        Self::Adaptive,
        Self::Global,
        Self::Pyramid,
        Self::Fractional,
        Self::RoiPool,
        Self::RoiAlign,
        Self::Channels,
        Self::ChannelWindow,
        Self::Segments,
        Self::Sequence,
        Self::Clusters,
    ];

    /// Its name in specs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Adaptive => "adaptive",
            Self::Global => "global",
            Self::Pyramid => "pyramid",
            Self::Fractional => "fractional",
            Self::RoiPool => "roi_pool",
            Self::RoiAlign => "roi_align",
            Self::Channels => "channels",
            Self::ChannelWindow => "channel_window",
            Self::Segments => "segments",
            Self::Sequence => "sequence",
            Self::Clusters => "clusters",
        }
    }

    /// Whether its taps lie in one plane about a centre.
    #[must_use]
    pub fn is_spatial(self) -> bool {
        !matches!(self, Self::Channels | Self::ChannelWindow | Self::Segments | Self::Sequence | Self::Clusters)
    }

    /// Whether the indices of chosen taps can be asked for.
    pub(crate) fn has_indices(self) -> bool {
        matches!(self, Self::Window | Self::Adaptive | Self::Global | Self::Fractional | Self::RoiPool)
    }
}

impl Region {
    /// Whether the indices of chosen taps can be asked for: in regions of one plane, but for pyramids, and where no tap stands in
    /// for another.
    #[must_use]
    pub fn has_indices(&self) -> bool {
        match self {
            Self::Window(window) => window.padding_mode == PaddingMode::Ignore,
            region => region.kind().has_indices(),
        }
    }

    /// Whether the corners of its boxes are rounded to whole positions.
    pub(crate) fn rounds_boxes(&self) -> bool {
        matches!(self, Self::RoiPool(_))
    }

    /// Which region this is, without its parameters.
    #[must_use]
    pub fn kind(&self) -> RegionKind {
        match self {
            Self::Window(_) => RegionKind::Window,
            Self::Adaptive { .. } => RegionKind::Adaptive,
            Self::Global => RegionKind::Global,
            Self::Pyramid { .. } => RegionKind::Pyramid,
            Self::Fractional(_) => RegionKind::Fractional,
            Self::RoiPool(_) => RegionKind::RoiPool,
            Self::RoiAlign(_) => RegionKind::RoiAlign,
            Self::Channels { .. } => RegionKind::Channels,
            Self::ChannelWindow { .. } => RegionKind::ChannelWindow,
            Self::Segments { .. } => RegionKind::Segments,
            Self::Sequence => RegionKind::Sequence,
            Self::Clusters(_) => RegionKind::Clusters,
        }
    }
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
                (Walk::Adaptive, adaptive_axes(&output_size.resolve("output_size", sizes.len())?, &sizes)?, Vec::new())
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

    /// Segments of label maps: positions and segments lie along the depth.
    fn segments(count: Option<u32>, empty: f32, input: &Shape) -> Result<Self, Error> {
        let segments = match count {
            Some(0) => return Err(Error::parameter("count", "at least 1", 0)),
            Some(count) => count,
            None => return Err(Error::parameter("count", "given: the number of segments", "absent")),
        };
        let positions = input.spatial().iter().fold(1, |n: usize, &size| n.saturating_mul(size));
        let labels =
            Labels { images: word("batch", input.batch())?, positions: word("plane", positions)?, segments, mask: false };
        let depth = Axis { kernel: labels.positions, ..Axis::whole(labels.positions, segments) };
        let output = input.with_spatial(&[segments as usize]);
        let planes = word("channels", input.channels())?;
        Self::list(
            labels.checked()?,
            planes,
            empty,
            Self::plain(*input, output, Walk::List, [depth, Axis::ABSENT, Axis::ABSENT]),
        )
    }

    /// Tokens \[B, T, D\], pooled where the mask is set: tokens lie along the depth, features along the width.
    fn sequence(input: &Shape) -> Result<Self, Error> {
        let &[features] = input.spatial() else {
            let expected = "[B, T, D]: sequences of tokens of features".into();
            return Err(Error::InvalidShape { expected, actual: input.to_string() });
        };
        // No token, nothing runs; an axis of size 1 stands in.
        let tokens = word("tokens", input.channels())?.max(1);
        let labels = Labels { images: word("batch", input.batch())?, positions: tokens, segments: 1, mask: true };
        let depth = Axis { kernel: tokens, ..Axis::whole(tokens, 1) };
        let features = word("features", features)?;
        let output = input.with_channels(input.channels().min(1));
        let axes = [depth, Axis::ABSENT, Axis::whole(features, features)];
        Self::list(labels.checked()?, 1, 0.0, Self::plain(*input, output, Walk::List, axes).along_channels())
    }

    /// Segments that are found: a cell's clusters side by side.
    fn clusters(clusters: &Clusters, input: &Shape) -> Result<Self, Error> {
        // What one invocation walks to find the nearest centroid, for the planner's reasons.
        const MOST_TURNS: u64 = 50_000;
        // Each is two dispatches.
        const MOST_STEPS: u32 = 1024;
        // A workgroup walks all of them.
        const MOST_POSITIONS: u32 = 3_000_000;
        let axes = input.spatial().len();
        let cells = clusters.cells.resolve("cells", axes)?;
        if axes > 2 {
            let because = "cells and clusters take as many axes as the input and one more, and tensors have three at most";
            return Err(Error::unsupported(format!("clusters of {axes} spatial axes"), because));
        }
        if clusters.centroids == 0 {
            return Err(Error::parameter("centroids", "at least 1", 0));
        }
        for (what, asked) in [("centroids", clusters.centroids), ("iterations", clusters.iterations)] {
            if asked > MOST_STEPS {
                return Err(Error::UnsupportedSize { what: what.into(), limit: MOST_STEPS.into(), actual: asked.into() });
            }
        }
        let mut sides = [[1; 2]; 2];
        for (axis, side) in sides[2 - axes..].iter_mut().enumerate() {
            let size = word("axis", input.spatial()[axis])?;
            if cells[axis] == 0 || cells[axis] > size {
                let expected = format!("at least 1 and at most the input's {size}");
                return Err(Error::InvalidAxis { parameter: "cells", axis, expected, actual: cells[axis].to_string() });
            }
            if u64::from(size) * u64::from(cells[axis]) > u64::from(u32::MAX) {
                let actual = u64::from(size) * u64::from(cells[axis]);
                return Err(Error::UnsupportedSize {
                    what: "positions times cells of an axis".into(),
                    limit: u32::MAX.into(),
                    actual,
                });
            }
            *side = [size, cells[axis]];
        }
        let segments = sides.iter().fold(u64::from(clusters.centroids), |n, [_, cells]| n.saturating_mul(u64::from(*cells)));
        let segments = u32::try_from(segments).unwrap_or(u32::MAX);
        let mut output: Vec<usize> = cells.iter().map(|&cells| cells as usize).collect();
        output.push(clusters.centroids as usize);
        let mut given = Self::segments(Some(segments), 0.0, input)?;
        given.output = input.with_spatial(&output);
        let Some(labels) = given.side.and_then(Side::labels) else { return Ok(given) };
        if labels.positions > MOST_POSITIONS {
            let (limit, actual) = (MOST_POSITIONS.into(), labels.positions.into());
            return Err(Error::UnsupportedSize { what: "positions to cluster".into(), limit, actual });
        }
        let found = Found {
            labels,
            channels: word("channels", input.channels())?,
            centroids: clusters.centroids,
            axes: sides,
            what: u32::from(clusters.coordinates != ClusterBy::Positions)
                + 2 * u32::from(clusters.coordinates != ClusterBy::Features)
                + 4 * u32::from(clusters.activation_weighted),
            iterations: clusters.iterations,
            seed: clusters.seed,
        };
        let turns = u64::from(clusters.centroids).saturating_mul(u64::from(found.numbers()) + 1);
        if turns > MOST_TURNS {
            return Err(Error::UnsupportedSize {
                what: "centroids times numbers of a point".into(),
                limit: MOST_TURNS,
                actual: turns,
            });
        }
        Ok(Self { side: Some(Side::Clusters(found)), ..given })
    }

    fn list(labels: Labels, planes: u32, empty: f32, plain: Self) -> Result<Self, Error> {
        if !empty.is_finite() {
            return Err(Error::parameter("empty", "finite", empty));
        }
        let begins = |rows: u64| word("table", usize::try_from(rows).unwrap_or(usize::MAX));
        let (parts, positions) = (begins(labels.rows())?, begins(2 * labels.rows())?);
        Ok(Self {
            side: Some(Side::Labels(labels)),
            region: [empty, 0.0, 0.0, 0.0],
            region_words: [planes.max(1), positions, parts, labels.mask.into()],
            ..plain
        })
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

fn adaptive_axes(outputs: &[u32], sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    // The kernels compute i·(in mod out) in 32 bits: region/adaptive.wgsl.
    const MOST: u32 = 0xffff;
    sizes
        .iter()
        .zip(outputs)
        .enumerate()
        .map(|(axis, (&size, &output))| match output {
            0 => Err(Error::InvalidAxis { parameter: "output_size", axis, expected: "at least 1".into(), actual: "0".into() }),
            1..=MOST => Ok(Axis::whole(narrow(size)?, output)),
            _ => Err(Error::UnsupportedSize {
                what: format!("output_size on spatial axis {axis}"),
                limit: u64::from(MOST),
                actual: u64::from(output),
            }),
        })
        .collect()
}

/// The axes of fractional pooling, and where each of its windows begins, axis after axis. The kernels find an axis' starts by
/// its `pad_end`, which has no other meaning here.
fn fractional_axes(fractional: &Fractional, sizes: &[i64]) -> Result<(Vec<Axis>, Vec<u32>), Error> {
    const BOTH: &str = "samples";
    let kernels = fractional.kernel_size.resolve("kernel_size", sizes.len())?;
    let outputs = fractional.output_size.resolve("output_size", sizes.len())?;
    let mut axes = adaptive_axes(&outputs, sizes)?;
    let count = |parameter, actual| match actual {
        _ if actual == sizes.len() => Ok(()),
        _ => Err(Error::InvalidAxisCount { parameter, expected: sizes.len(), actual }),
    };
    match (&fractional.samples, &fractional.starts) {
        (Some(samples), None) => count("samples", samples.len())?,
        (None, Some(starts)) => count("starts", starts.len())?,
        (None, None) => return Err(Error::parameter(BOTH, "given, unless starts are", "absent")),
        (Some(_), Some(_)) => return Err(Error::parameter(BOTH, "absent where starts are given", "given")),
    }
    // Absent axes, whose pad_end is 0, begin at 0.
    let mut table = vec![0];
    for (axis, resolved) in axes.iter_mut().enumerate() {
        let invalid = |parameter, expected: String, actual: String| Error::InvalidAxis { parameter, axis, expected, actual };
        let (kernel, output) = (kernels[axis], resolved.output);
        if kernel == 0 || kernel > resolved.input {
            let expected = format!("at least 1 and at most the input's {}", resolved.input);
            return Err(invalid("kernel_size", expected, kernel.to_string()));
        }
        let last = resolved.input - kernel;
        resolved.kernel = kernel;
        resolved.pad_end = u32::try_from(table.len()).unwrap_or(u32::MAX);
        if let Some(starts) = &fractional.starts {
            let starts = &starts[axis];
            if starts.len() != output as usize {
                return Err(invalid("starts", format!("{output} numbers, one an output"), format!("{} numbers", starts.len())));
            }
            if let Some(start) = starts.iter().find(|&&start| start > last) {
                return Err(invalid("starts", format!("at most {last}, so that the window fits"), start.to_string()));
            }
            table.extend_from_slice(starts);
        } else if let Some(&sample) = fractional.samples.as_ref().and_then(|samples| samples.get(axis)) {
            if !(0.0..1.0).contains(&sample) {
                return Err(invalid("samples", "at least 0 and below 1".into(), sample.to_string()));
            }
            let step = f64::from(last) / f64::from(output.max(2) - 1);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the size of an axis")]
            let start = |o: u32| ((f64::from(o) + sample) * step).floor() as u32 - (sample * step).floor() as u32;
            table.extend((0..output).map(|o| if o + 1 == output { last } else { start(o).min(last) }));
        }
    }
    Ok((axes, table))
}

fn window_axes(window: &Window, sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    let axes = sizes.len();
    let kernels = window.kernel_size.resolve("kernel_size", axes)?;
    let strides = window.stride.as_ref().map_or(Ok(kernels.clone()), |stride| stride.resolve("stride", axes))?;
    let dilations = window.dilation.resolve("dilation", axes)?;
    let paddings = match &window.padding {
        Padding::Explicit(sides) => Some(sides.resolve("padding", axes)?),
        _ => None,
    };
    (0..axes)
        .map(|axis| {
            for (parameter, value) in [("kernel_size", kernels[axis]), ("stride", strides[axis]), ("dilation", dilations[axis])]
            {
                if value == 0 {
                    return Err(Error::InvalidAxis { parameter, axis, expected: "at least 1".into(), actual: "0".into() });
                }
            }
            let fixed = paddings.as_ref().map(|sides| sides[axis]);
            window_axis(axis, window, sizes[axis], [kernels[axis], strides[axis], dilations[axis]].map(i64::from), fixed)
        })
        .collect()
}

/// One axis of a window: the one output-size formula.
fn window_axis(
    axis: usize,
    window: &Window,
    size: i64,
    [kernel, stride, dilation]: [i64; 3],
    fixed: Option<[u32; 2]>,
) -> Result<Axis, Error> {
    let reach = dilation.saturating_mul(kernel - 1);
    let ([begin, end], output) = match fixed {
        Some(sides) => {
            let [begin, end] = sides.map(i64::from);
            if begin > reach || end > reach {
                return Err(Error::InvalidAxis {
                    parameter: "padding",
                    axis,
                    expected: format!("at most dilation · (kernel_size − 1) = {reach} on each side"),
                    actual: format!("{begin} and {end}"),
                });
            }
            ([begin, end], output_size(size + begin + end, size + begin, reach, stride, window.ceil_mode))
        }
        None if window.padding == Padding::Valid => ([0, 0], output_size(size, size, reach, stride, window.ceil_mode)),
        None => {
            let output = (size - 1) / stride + 1;
            let total = ((output - 1) * stride).saturating_add(reach).saturating_add(1).saturating_sub(size).max(0);
            let (less, more) = (total / 2, total - total / 2);
            (if window.padding == Padding::SameLower { [more, less] } else { [less, more] }, output)
        }
    };
    if window.padding_mode == PaddingMode::Reflect && (begin >= size || end >= size) {
        return Err(Error::InvalidAxis {
            parameter: "padding",
            axis,
            expected: format!("below the input's {size} where it is reflected"),
            actual: format!("{begin} and {end}"),
        });
    }
    let padded = size.saturating_add(begin).saturating_add(end);
    if output < 1 {
        return Err(Error::InvalidAxis {
            parameter: "kernel_size",
            axis,
            expected: format!("small enough for one window in the padded input of {padded}"),
            actual: format!("{kernel} taps {dilation} apart, {} positions", reach.saturating_add(1)),
        });
    }
    if padded >= INDEX_LIMIT {
        return Err(Error::UnsupportedSize {
            what: format!("padded size of spatial axis {axis}"),
            limit: INDEX_LIMIT.unsigned_abs() - 1,
            actual: padded.unsigned_abs(),
        });
    }
    Ok(Axis {
        input: narrow(size)?,
        output: narrow(output)?,
        kernel: narrow(kernel)?,
        stride: narrow(stride)?,
        // One tap has no neighbour, however far apart they would be.
        dilation: if kernel == 1 { 1 } else { narrow(dilation)? },
        pad_begin: narrow(begin)?,
        pad_end: narrow(end)?,
    })
}

/// Windows on one axis: `padded` positions with both paddings, `start_limit` with that at the begin only, `reach` from a
/// window's first tap to its last.
fn output_size(padded: i64, start_limit: i64, reach: i64, stride: i64, ceil_mode: bool) -> i64 {
    let room = padded - 1 - reach;
    if room < 0 {
        return 0;
    }
    let output = room / stride + 1;
    let rounded_up = output + i64::from(ceil_mode && room % stride != 0);
    // The last window must start inside the input or its begin padding.
    if (rounded_up - 1).saturating_mul(stride) >= start_limit { output } else { rounded_up }
}

mod unpool;

#[cfg(test)]
mod tests;
