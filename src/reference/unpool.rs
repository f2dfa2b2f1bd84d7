//! Pooled values put back, by brute force.

use super::{axis_taps, channels_first, grad, three};
use crate::{Error, Layout, Pooling, Shape, SideInputs, geometry::Geometry, indices::check_indices, plan::Manner};

/// Puts pooled values of shape `pooled` back into a tensor of shape `restored`: as `Engine::prepare_unpool` says of each op.
///
/// # Errors
/// As [`Pooling::unpooled_shape`]; [`Error::InvalidBinding`] for values or indices of the wrong number, and indices that are missing, out of range or
/// not used.
pub fn unpool<T: Copy + Into<f64>>(
    pooling: &Pooling,
    pooled: &Shape,
    restored: &Shape,
    values: &[T],
    indices: Option<&[i64]>,
) -> Result<Vec<f64>, Error> {
    Geometry::unpool(pooling, pooled, restored)?;
    let indices = check_indices(pooling, pooled, restored, indices)?.map(|indices| pooled.to_channels_first(&indices));
    let (whole, (pooled, values)) = (restored, &channels_first(pooled, values)?);
    let restored = &restored.in_layout(Layout::Nchw);
    let geometry = Geometry::unpool(pooling, pooled, restored)?;
    let mut answer = vec![0.0; restored.elements()];
    let [plane, of_plane] = [restored, pooled].map(|shape| shape.spatial().iter().product::<usize>());
    match (Manner::of(&pooling.op), indices) {
        (Manner::Indices, Some(indices)) => {
            // In row-major order, so the last at one place stays.
            for (at, (&value, index)) in values.iter().zip(indices).enumerate() {
                answer[at / of_plane * plane + index as usize] = value;
            }
        }
        (Manner::Nearest, _) => {
            let (sizes, outputs) = (three(restored.spatial()), three(pooled.spatial()));
            // Twice the centre is a whole number, so no two distances differ by rounding.
            let centres: Vec<Vec<f64>> = (0..3)
                .map(|axis| (0..outputs[axis]).map(|o| 2.0 * axis_taps(&pooling.region, restored, axis, o).centre).collect())
                .collect();
            #[allow(clippy::cast_precision_loss, reason = "positions in a plane")]
            let nearest = |axis: usize, position: usize| {
                let apart = |o: usize| (2.0 * position as f64 - centres[axis][o]).abs();
                (0..outputs[axis]).fold(0, |best, o| if apart(o) < apart(best) { o } else { best })
            };
            for (at, restored) in answer.iter_mut().enumerate() {
                let (row, x) = (at % plane / sizes[2], at % sizes[2]);
                let (z, y) = (row / sizes[1], row % sizes[1]);
                let [z, y, x] = [nearest(0, z), nearest(1, y), nearest(2, x)];
                *restored = values[at / plane * of_plane + (z * outputs[1] + y) * outputs[2] + x];
            }
        }
        _ => {
            // What comes back of the values, over what comes back of ones: each position's shares in its outputs.
            let zeros = vec![0.0; restored.elements()];
            let back = |ahead: &[f64]| grad::grad_of(pooling, restored, &geometry, &zeros, ahead, &SideInputs::new());
            let (of_values, of_ones) = (back(values)?, back(&vec![1.0; values.len()])?);
            for (at, restored) in answer.iter_mut().enumerate() {
                let share = of_ones.input[at];
                *restored = if share == 0.0 { 0.0 } else { of_values.input[at] / share };
            }
        }
    }
    Ok(whole.from_channels_first(&answer))
}
