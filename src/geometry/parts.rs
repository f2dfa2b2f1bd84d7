//! The geometry of parts of a pooling: of whole units, and of runs of outputs on one axis.

use super::{Geometry, Order};
use crate::Shape;

impl Geometry {
    /// Units that are pooled apart: planes, or images where channels lie last or are the depth.
    pub(crate) fn units(&self) -> u64 {
        let volume = self.axes.iter().fold(1, |product: u64, axis| product.saturating_mul(u64::from(axis.input)));
        let beside = if self.order == Order::ChannelsLast { self.input.channels() as u64 } else { 1 };
        self.input.elements() as u64 / volume.saturating_mul(beside).max(1)
    }

    /// So many of its units.
    pub(crate) fn of_units(&self, units: u64) -> Self {
        let by_images = self.units() == self.input.batch() as u64;
        let units = usize::try_from(units).unwrap_or(usize::MAX);
        let [input, output] = [self.input, self.output]
            .map(|shape| if by_images { shape.with_batch(units) } else { shape.with_batch(1).with_channels(units) });
        Self { input, output, ..self.clone() }
    }

    /// One unit, and of it the outputs `from..end` on an axis. `over_channels`: whether channels are the depth, and the positions of a plane the width.
    pub(crate) fn of_rows(&self, number: usize, from: u32, end: u32, over_channels: bool) -> Self {
        let axis = self.axes[number].part(self.walk, from, end);
        let mut one = self.of_units(1);
        one.axes[number] = axis;
        let sizes = |shape: &Shape, size: u32| match number {
            0 if over_channels => shape.with_channels(size as usize),
            _ if over_channels => shape.with_spatial(&[size as usize]),
            _ => {
                let mut spatial = shape.spatial().to_vec();
                let absent = one.axes.len() - spatial.len();
                spatial[number - absent] = size as usize;
                shape.with_spatial(&spatial)
            }
        };
        (one.input, one.output) = (sizes(&one.input, axis.input), sizes(&one.output, axis.output));
        one
    }
}
