//! What a region reads beside the input, in numbers.

use crate::Error;

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
    /// The most parts of a segment: one invocation merges those of four, where four outputs make a word, for the same reason.
    const MOST_PARTS: u32 = 12_000;
    /// The most taps in a part, likewise.
    const MOST_IN_PART: u32 = 40_000;

    pub(super) fn checked(self) -> Result<Self, Error> {
        for (what, limit, actual) in [
            ("number of segments", Self::MOST_SEGMENTS, self.segments),
            (
                "positions of one label map, with so many segments",
                self.most_chunks().saturating_mul(Self::MOST_IN_CHUNK),
                self.positions,
            ),
            ("positions of one label map", Self::MOST_PARTS * Self::MOST_IN_PART, self.positions),
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

    /// Taps in a part, the piece of a segment that one invocation folds.
    pub(crate) fn part(self) -> u32 {
        self.positions.div_ceil(Self::MOST_PARTS).max(256)
    }

    /// The most parts that an image's segments have.
    pub(crate) fn most_parts(self) -> u64 {
        u64::from(self.segments) + u64::from(self.positions / self.part())
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
