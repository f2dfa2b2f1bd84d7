//! Regions without their parameters.

use crate::{Region, spec::PaddingMode};

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
