//! Segments and sequences: the positions that bear a label, the tokens whose mask is 1.

use super::{
    Found, activate,
    fold::{Source, Tap},
};
use crate::{Op, Pooling, Region, Shape, SideInputs, WeightPreset};

pub(super) fn regions(pooling: &Pooling, shape: &Shape, input: &[f64], sides: &SideInputs<'_>, visit: &mut dyn FnMut(Found)) {
    if let Region::Segments { count, empty } = pooling.region {
        let positions: usize = shape.spatial().iter().product();
        let labels = sides.labels.unwrap_or_default();
        for plane in 0..shape.batch() * shape.channels() {
            let image = plane / shape.channels();
            for segment in 0..i64::from(count.unwrap_or(0)) {
                let belongs = |&p: &usize| i64::from(labels[image * positions + p]) == segment;
                let members = (0..positions).filter(belongs).map(|p| (p, plane * positions + p));
                visit(found(pooling, members, input, f64::from(empty)));
            }
        }
    } else {
        let (tokens, features) = (shape.channels(), shape.spatial()[0]);
        for sequence in 0..shape.batch() {
            for feature in 0..if tokens == 0 { 0 } else { features } {
                let counts = |&t: &usize| sides.mask.is_none_or(|mask| mask[sequence * tokens + t] == 1);
                let members = (0..tokens).filter(counts).map(|t| (t, (sequence * tokens + t) * features + feature));
                visit(found(pooling, members, input, 0.0));
            }
        }
    }
}

/// The region of some positions, each with the input element that it stands for.
#[allow(clippy::cast_precision_loss, reason = "counts of taps")]
fn found(pooling: &Pooling, members: impl Iterator<Item = (usize, usize)>, input: &[f64], empty: f64) -> Found {
    let by_place = matches!(pooling.op, Op::Weighted { preset: Some(WeightPreset::Position), .. });
    let taps: Vec<Tap> = members
        .map(|(index, at)| Tap {
            weight: if by_place { (index + 1) as f64 } else { 1.0 },
            ..Tap::new(activate(pooling.activation, input[at]), index, Source::One(at))
        })
        .collect();
    let counted = taps.len() as f64;
    Found { taps, counted, empty: Some(empty) }
}
