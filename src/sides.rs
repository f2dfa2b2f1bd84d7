//! What a pooling reads beside its input, as the host holds it.

use std::borrow::Cow;

use crate::{
    Error, Pooling, Region,
    geometry::{Geometry, Labels, Side, box_longest},
};

/// What a pooling reads beside its input, on the host: for [`Engine::pool_with`](crate::Engine::pool_with) and
/// [`reference::pool_with`](crate::reference::pool_with). An embedder binds buffers instead: [`Bindings`](crate::Bindings).
///
/// ```
/// use plunge::{Op, Pooling, Shape, SideInputs, Window, reference};
///
/// let weighted = Op::Weighted { preset: None, per_channel: false, normalize: true };
/// let sides = SideInputs::new().weights(&[1.0, 3.0]);
/// let answer = reference::pool_with(&Pooling::new(weighted, Window::new(2)), &Shape::nchw([1, 1, 4]), &[2., 6., 0., 4.], &sides)?;
/// assert_eq!(answer.values, [5.0, 3.0]);
/// # Ok::<(), plunge::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct SideInputs<'a> {
    /// For [`Op::Weighted`](crate::Op::Weighted) and [`Op::Gated`](crate::Op::Gated): \[k…\], or \[C, k…\] with one set a channel.
    pub weights: Option<&'a [f32]>,
    /// For [`Region::RoiPool`] and [`Region::RoiAlign`]: rows of batch, x1, y1, x2, y2.
    pub boxes: Option<&'a [[f32; 5]]>,
    /// For [`Region::Segments`]: \[N, in…\], from −1.
    pub labels: Option<&'a [i32]>,
    /// For [`Region::Sequence`], where not every token counts: \[B, T\], 0 or 1.
    pub mask: Option<&'a [u32]>,
}

impl<'a> SideInputs<'a> {
    /// Nothing beside the input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Weights, row-major, \[k…\] or \[C, k…\].
    #[must_use]
    pub fn weights(mut self, weights: &'a [f32]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Boxes, as rows of batch, x1, y1, x2, y2; fewer than the region's `max_boxes` leave 0 in the rest of the output.
    #[must_use]
    pub fn boxes(mut self, boxes: &'a [[f32; 5]]) -> Self {
        self.boxes = Some(boxes);
        self
    }

    /// A label for each position, \[N, in…\], −1 for a position in no segment.
    #[must_use]
    pub fn labels(mut self, labels: &'a [i32]) -> Self {
        self.labels = Some(labels);
        self
    }

    /// Which tokens count, \[B, T\]: 1 for those that do, 0 for those that do not.
    #[must_use]
    pub fn mask(mut self, mask: &'a [u32]) -> Self {
        self.mask = Some(mask);
        self
    }

    /// The pooling with the numbers that its region leaves to what stands beside the input: `max_boxes`, `count`.
    #[must_use]
    pub fn resolve<'p>(&self, pooling: &'p Pooling) -> Cow<'p, Pooling> {
        let mut pooling = Cow::Borrowed(pooling);
        if let Some(boxes) = self.boxes {
            let open = match &pooling.region {
                Region::RoiPool(region) => region.max_boxes.is_none(),
                Region::RoiAlign(region) => region.max_boxes.is_none(),
                _ => false,
            };
            if open {
                let count = Some(u32::try_from(boxes.len()).unwrap_or(u32::MAX));
                match &mut pooling.to_mut().region {
                    Region::RoiPool(region) => region.max_boxes = count,
                    Region::RoiAlign(region) => region.max_boxes = count,
                    _ => {}
                }
            }
        }
        if let (Some(labels), Region::Segments { count: None, empty }) = (self.labels, &pooling.region) {
            let (empty, largest) = (*empty, labels.iter().copied().max().unwrap_or(-1));
            let count = Some(u32::try_from(i64::from(largest) + 1).unwrap_or(0));
            pooling.to_mut().region = Region::Segments { count, empty };
        }
        pooling
    }

    /// Refuses what the pooling does not use, what it lacks and what has the wrong size.
    pub(crate) fn check(&self, pooling: &Pooling, geometry: &Geometry) -> Result<(), Error> {
        let weights = pooling.op.given_weights().map(|_| geometry.weights);
        count("weights", "elements", self.weights.map(<[f32]>::len), weights)?;
        match (self.boxes, geometry.side) {
            (Some(boxes), Some(Side::Boxes(most))) => check_boxes(boxes, most, pooling, geometry),
            (boxes, Some(Side::Boxes(most))) => count("boxes", "rows", boxes.map(<[_]>::len), Some(most.into())),
            (boxes, _) => count("boxes", "rows", boxes.map(<[_]>::len), None),
        }?;
        let (labels, mask) = match geometry.side {
            Some(Side::Labels(labels)) if labels.mask => {
                let tokens = geometry.input.batch() as u64 * geometry.input.channels() as u64;
                (None, self.mask.map(|_| tokens))
            }
            Some(Side::Labels(labels)) => (Some(labels), None),
            _ => (None, None),
        };
        count("labels", "elements", self.labels.map(<[i32]>::len), labels.map(Labels::count))?;
        count("mask", "elements", self.mask.map(<[u32]>::len), mask)?;
        let wrong = |at: usize, actual: String| format!("{actual} at element {at}");
        if let (Some(given), Some(Labels { segments, .. })) = (self.labels, labels) {
            let none = |label: &i32| *label < -1 || i64::from(*label) >= i64::from(segments);
            if let Some(at) = given.iter().position(none) {
                let (expected, actual) = (format!("from -1 to {}", segments - 1), wrong(at, given[at].to_string()));
                return Err(Error::InvalidBinding { binding: "labels", expected, actual });
            }
        }
        match self.mask.and_then(|mask| mask.iter().position(|&bit| bit > 1).map(|at| (at, mask[at]))) {
            Some((at, bit)) => {
                let (expected, actual) = ("0 or 1".into(), wrong(at, bit.to_string()));
                Err(Error::InvalidBinding { binding: "mask", expected, actual })
            }
            None => Ok(()),
        }
    }
}

/// Refuses boxes that make no sense, as the kernels that digest them do.
#[allow(clippy::cast_precision_loss, reason = "sizes of images, and bounds")]
fn check_boxes(boxes: &[[f32; 5]], most: u32, pooling: &Pooling, geometry: &Geometry) -> Result<(), Error> {
    const FARTHEST: f32 = 4_194_304.0;
    let invalid = |expected: String, actual: String| Err(Error::InvalidBinding { binding: "boxes", expected, actual });
    if boxes.len() as u64 > u64::from(most) {
        return invalid(format!("at most {most} rows"), format!("{} rows", boxes.len()));
    }
    let [_, scale, offset, _] = geometry.region;
    for (row, given) in boxes.iter().enumerate() {
        let [batch, corners @ ..] = *given;
        let batches = geometry.input.batch();
        if !(batch >= 0.0 && batch < batches as f32 && batch.fract() == 0.0) {
            return invalid(format!("of a batch from 0 to {}", batches.saturating_sub(1)), format!("{batch} in row {row}"));
        }
        let scaled = corners.map(|corner| corner * scale);
        if let Some(far) = scaled.iter().find(|corner| corner.is_nan() || corner.abs() > FARTHEST) {
            return invalid(format!("within {FARTHEST} input positions of the origin"), format!("{far} in row {row}"));
        }
        let placed = scaled.map(|corner| if pooling.region.rounds_boxes() { corner.round() } else { corner - offset });
        for (axis, [start, end]) in [(1, [placed[1], placed[3]]), (2, [placed[0], placed[2]])] {
            let longest = box_longest(geometry.axes[axis].input) as f32;
            let side = if pooling.region.rounds_boxes() { end - start + 1.0 } else { end - start };
            if side > longest {
                return invalid(format!("at most {longest} input positions long"), format!("{side} in row {row}"));
            }
        }
    }
    Ok(())
}

/// Whether a side input is there where it is used, and as large.
fn count(binding: &'static str, unit: &str, given: Option<usize>, needed: Option<u64>) -> Result<(), Error> {
    let invalid = |expected: String, actual: String| Err(Error::InvalidBinding { binding, expected, actual });
    match (given.map(|given| given as u64), needed) {
        (None, None) => Ok(()),
        (Some(given), Some(needed)) if given == needed => Ok(()),
        (Some(given), Some(needed)) => invalid(format!("{needed} {unit}"), format!("{given} {unit}")),
        (Some(_), None) => invalid("absent: this pooling reads none".into(), "given".into()),
        (None, Some(needed)) => invalid(format!("given, {needed} {unit}: this pooling reads them"), "absent".into()),
    }
}
