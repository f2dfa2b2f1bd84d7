//! Segments and sequences: the positions that bear a label, the tokens whose mask is 1.

use super::{
    Answer, activate,
    fold::{Tap, fold},
};
use crate::{Op, Pooling, Region, Shape, SideInputs, WeightPreset};

pub(super) fn pool(pooling: &Pooling, shape: &Shape, output: Shape, input: &[f32], sides: &SideInputs<'_>) -> Answer {
    let mut values = Vec::with_capacity(output.elements());
    if let Region::Segments { count, empty } = pooling.region {
        let positions: usize = shape.spatial().iter().product();
        let labels = sides.labels.unwrap_or_default();
        for plane in 0..shape.batch() * shape.channels() {
            let image = plane / shape.channels();
            for segment in 0..i64::from(count.unwrap_or(0)) {
                let belongs = |&p: &usize| i64::from(labels[image * positions + p]) == segment;
                let taps = (0..positions).filter(belongs).map(|p| (p, input[plane * positions + p])).collect();
                values.push(answer(pooling, taps, f64::from(empty), values.len()));
            }
        }
    } else {
        let (tokens, features) = (shape.channels(), shape.spatial()[0]);
        for sequence in 0..shape.batch() {
            for feature in 0..if tokens == 0 { 0 } else { features } {
                let counts = |&t: &usize| sides.mask.is_none_or(|mask| mask[sequence * tokens + t] == 1);
                let value = |t| (t, input[(sequence * tokens + t) * features + feature]);
                let taps = (0..tokens).filter(counts).map(value).collect();
                values.push(answer(pooling, taps, 0.0, values.len()));
            }
        }
    }
    Answer { shape: output, values, indices: None }
}

/// The statistic of values at positions.
#[allow(clippy::cast_precision_loss, reason = "counts of taps")]
fn answer(pooling: &Pooling, found: Vec<(usize, f32)>, empty: f64, output: usize) -> f64 {
    let by_place = matches!(pooling.op, Op::Weighted { preset: Some(WeightPreset::Position), .. });
    let tap = |(index, value): (usize, f32)| {
        let weight = if by_place { (index + 1) as f64 } else { 1.0 };
        Tap { value: activate(pooling.activation, value), index, distance2: 0.0, weight }
    };
    let taps: Vec<Tap> = found.into_iter().map(tap).collect();
    if taps.is_empty() { empty } else { fold(&pooling.op, &taps, taps.len() as f64, output).0 }
}
