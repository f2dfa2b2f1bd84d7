//! What a pooling reads beside its input, as the host holds it.

use crate::{Error, Pooling, geometry::Geometry};

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

    /// Refuses what the pooling does not use, what it lacks and what has the wrong size.
    pub(crate) fn check(&self, pooling: &Pooling, geometry: &Geometry) -> Result<(), Error> {
        let weights = pooling.op.given_weights().map(|_| geometry.weights);
        count("weights", "elements", self.weights.map(<[f32]>::len), weights)
    }
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
