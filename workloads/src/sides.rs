//! What poolings read beside their input, made up for tests and benches; the same at every run.

use plunge::{Op, OpKind, Pooling, Region, Shape, SideInputs};

/// Side inputs that own what they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// \[k…\] or \[C, k…\].
    pub weights: Option<Vec<f32>>,
    /// Rows of batch, x1, y1, x2, y2.
    pub boxes: Option<Vec<[f32; 5]>>,
    /// \[N, in…\], from −1.
    pub labels: Option<Vec<i32>>,
    /// \[B, T\], 0 or 1.
    pub mask: Option<Vec<u32>>,
}

impl Sides {
    /// What `pooling` on `shape` needs.
    #[must_use]
    pub fn for_pooling(pooling: &Pooling, shape: &Shape, seed: u64) -> Self {
        Self {
            weights: weights(pooling, shape, seed),
            boxes: boxes(pooling, shape, seed),
            labels: labels(pooling, shape, seed),
            mask: mask(pooling, shape, seed),
        }
    }

    /// What `pooling` on `shape` needs, as it is in use and not at its edges: what benches time. Boxes have sides from 16 positions of the picture up to half
    /// of it, four for every one as large as the next; masks are padded at the right, by an eighth at most.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "small sizes")]
    pub fn in_use(pooling: &Pooling, shape: &Shape) -> Self {
        let mut sides = Self::for_pooling(pooling, shape, 0);
        let mut random = fastrand::Rng::with_seed(0);
        let (scale, most) = match &pooling.region {
            Region::RoiPool(region) => (region.spatial_scale, region.max_boxes),
            Region::RoiAlign(region) => (region.spatial_scale, region.max_boxes),
            _ => (1.0, None),
        };
        if let (Some(boxes), &[height, width]) = (&mut sides.boxes, shape.spatial()) {
            let mut side = |size: usize, share: f32| {
                let size = size as f32 / scale;
                let long = (16.0 + share * random.f32() * size).min(size);
                let from = random.f32() * (size - long);
                [from, from + long]
            };
            *boxes = (0..most.unwrap_or(10))
                .map(|k| {
                    let share = if k % 5 == 0 { 0.5 } else { 0.125 };
                    let ([left, right], [top, bottom]) = (side(width, share), side(height, share));
                    [(k as usize % shape.batch()) as f32, left, top, right, bottom]
                })
                .collect();
        }
        if let Some(mask) = &mut sides.mask {
            let tokens = shape.channels();
            *mask = (0..shape.batch())
                .flat_map(|_| {
                    let kept = tokens - random.usize(0..=tokens / 8);
                    (0..tokens).map(move |token| u32::from(token < kept))
                })
                .collect();
        }
        sides
    }

    /// The same, borrowed as the library takes it.
    #[must_use]
    pub fn borrow(&self) -> SideInputs<'_> {
        let mut sides = SideInputs::new();
        sides.weights = self.weights.as_deref();
        sides.boxes = self.boxes.as_deref();
        sides.labels = self.labels.as_deref();
        sides.mask = self.mask.as_deref();
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

/// Labels of very uneven frequency, the largest of which no position bears; every seventh position or so has none.
fn labels(pooling: &Pooling, shape: &Shape, seed: u64) -> Option<Vec<i32>> {
    let Region::Segments { count: Some(count), .. } = pooling.region else { return None };
    let mut random = fastrand::Rng::with_seed(seed);
    let most = i32::try_from(count.saturating_sub(1)).ok()?.max(1);
    let mut label = || match random.u8(..7) {
        0 => -1,
        1 | 2 => random.i32(0..most),
        _ => 0,
    };
    Some((0..shape.batch() * shape.spatial().iter().product::<usize>()).map(|_| label()).collect())
}

/// Masks padded at the right, at the left, with holes, and one of nothing.
fn mask(pooling: &Pooling, shape: &Shape, seed: u64) -> Option<Vec<u32>> {
    let Region::Sequence = pooling.region else { return None };
    let mut random = fastrand::Rng::with_seed(seed);
    let tokens = shape.channels();
    let row = |sequence: usize| {
        let cut = random.usize(0..=tokens);
        (0..tokens).map(|t| u32::from([t < cut, t >= cut, random.bool(), false][sequence % 4])).collect::<Vec<_>>()
    };
    Some((0..shape.batch()).flat_map(row).collect())
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
