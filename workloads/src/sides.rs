//! What poolings read beside their input, made up for tests and benches; the same at every run.

use plunge::{Op, OpKind, Pooling, Region, Shape, SideInputs};

/// Side inputs that own what they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// \[k…\] or \[C, k…\].
    pub weights: Option<Vec<f32>>,
    /// Rows of batch, x1, y1, x2, y2.
    pub boxes: Option<Vec<[f32; 5]>>,
}

impl Sides {
    /// What `pooling` on `shape` needs.
    #[must_use]
    pub fn for_pooling(pooling: &Pooling, shape: &Shape, seed: u64) -> Self {
        Self { weights: weights(pooling, shape, seed), boxes: boxes(pooling, shape, seed) }
    }

    /// The same, borrowed as the library takes it.
    #[must_use]
    pub fn borrow(&self) -> SideInputs<'_> {
        let mut sides = SideInputs::new();
        sides.weights = self.weights.as_deref();
        sides.boxes = self.boxes.as_deref();
        sides
    }
}

/// Boxes about the image and beyond its edges, on quarters of a position and in no order, one less than there may be; among them are
/// an empty one, one turned round and one that covers everything.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small sizes")]
fn boxes(pooling: &Pooling, shape: &Shape, seed: u64) -> Option<Vec<[f32; 5]>> {
    let (scale, most) = match &pooling.region {
        Region::RoiPool(region) => (region.spatial_scale, region.max_boxes),
        Region::RoiAlign(region) => (region.spatial_scale, region.max_boxes),
        _ => return None,
    };
    let &[height, width] = shape.spatial() else { return None };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut along = |size: usize| (random.i32(-8..4 * size as i32 + 12) as f32) * 0.25 / scale;
    let mut rows = vec![
        [0.0, 0.0, 0.0, width as f32 / scale, height as f32 / scale],
        [0.0, 2.0 / scale, 1.0 / scale, 2.0 / scale, 1.0 / scale],
        [0.0, 3.0 / scale, 3.0 / scale, 1.0 / scale, 2.0 / scale],
    ];
    for k in 0..(most.unwrap_or(10) as usize).saturating_sub(4) {
        let (x, y) = ([along(width), along(width)], [along(height), along(height)]);
        rows.push([(k % shape.batch()) as f32, x[0].min(x[1]), y[0].min(y[1]), x[0].max(x[1]), y[0].max(y[1])]);
    }
    Some(rows)
}

/// Weights between −2 and 2 with some zeros; where they are a divisor, none below 0.
fn weights(pooling: &Pooling, shape: &Shape, seed: u64) -> Option<Vec<f32>> {
    let per_channel = match pooling.op {
        Op::Weighted { preset: None, per_channel, .. } | Op::Gated { per_channel } => per_channel,
        _ => return None,
    };
    let Region::Window(window) = &pooling.region else { return None };
    let mut count = if per_channel { shape.channels() } else { 1 };
    for axis in 0..shape.spatial().len() {
        count *= match &window.kernel_size {
            plunge::PerAxis::All(size) => *size as usize,
            plunge::PerAxis::Each(sizes) => *sizes.get(axis)? as usize,
        };
    }
    let divides = matches!(pooling.op, Op::Weighted { normalize: true, .. });
    debug_assert!(matches!(pooling.op.kind(), OpKind::Weighted | OpKind::Gated));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut weight = || match random.u8(..4) {
        0 => 0.0,
        _ if divides => random.f32() * 2.0,
        _ => random.f32() * 4.0 - 2.0,
    };
    Some((0..count).map(|_| weight()).collect())
}
