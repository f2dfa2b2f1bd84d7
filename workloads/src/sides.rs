//! What poolings read beside their input, made up for tests and benches; the same at every run.

use plunge::{Op, OpKind, Pooling, Region, Shape, SideInputs};

/// Side inputs that own what they hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// \[k…\] or \[C, k…\].
    pub weights: Option<Vec<f32>>,
}

impl Sides {
    /// What `pooling` on `shape` needs.
    #[must_use]
    pub fn for_pooling(pooling: &Pooling, shape: &Shape, seed: u64) -> Self {
        Self { weights: weights(pooling, shape, seed) }
    }

    /// The same, borrowed as the library takes it.
    #[must_use]
    pub fn borrow(&self) -> SideInputs<'_> {
        let mut sides = SideInputs::new();
        sides.weights = self.weights.as_deref();
        sides
    }
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
