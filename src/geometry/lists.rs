//! Regions whose taps no formula gives: labels, masks or clusters say which positions a segment has.

use super::{Axis, Found, Geometry, Labels, Side, Walk, word};
use crate::{ClusterBy, Clusters, Error, Shape};

impl Geometry {
    /// Segments of label maps: positions and segments lie along the depth.
    pub(super) fn segments(count: Option<u32>, empty: f32, input: &Shape) -> Result<Self, Error> {
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
    pub(super) fn sequence(input: &Shape) -> Result<Self, Error> {
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
    pub(super) fn clusters(clusters: &Clusters, input: &Shape) -> Result<Self, Error> {
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
        let turns = u64::from(clusters.centroids).saturating_mul(u64::from(found.numbers()) + 1).max(found.channels.into());
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
}
