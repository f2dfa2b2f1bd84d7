//! A problem as burn's own calls.

use burn::tensor::{
    Int, Tensor, TensorData,
    module::{
        adaptive_avg_pool2d, avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_with_indices,
        max_pool2d_with_indices_backward,
    },
    ops::{AvgPoolOptions, MaxPoolOptions},
};
use plunge_peers_protocol::{Op, Problem, Region, Wanted};

use crate::stored::{Order, Store, words};

/// A problem whose tensors are on the device.
pub(crate) struct Prepared {
    /// One run.
    pub(crate) run: Box<dyn Fn() -> Tensor<4>>,
    /// How it is made, where burn has no such pooling of its own.
    pub(crate) note: Option<&'static str>,
}

impl Prepared {
    fn new(run: impl Fn() -> Tensor<4> + 'static) -> Self {
        Self { run: Box::new(run), note: None }
    }
}

/// The inner error says what burn lacks, the outer one what failed.
pub(crate) fn prepare(problem: &Problem, store: &Store) -> Result<Result<Prepared, String>, String> {
    let lacks = |why: &str| Ok(Err(why.to_owned()));
    if let Region::Sequence { mask } = &problem.region {
        return match (problem.op, store.order) {
            (Op::Average, Order::ChannelsFirst) => masked_mean(problem, mask, store).map(Ok),
            (Op::Average, Order::ChannelsLast) => lacks("tokens have one layout: see burn"),
            _ => lacks("only the masked mean is put together here"),
        };
    }
    let &[_, _, height, width] = problem.output_shape.as_slice() else { return lacks("no pooling over three axes") };
    match (&problem.region, problem.op) {
        (Region::RoiAlign { .. }, _) => return lacks("no roi_align"),
        (_, Op::Median) => return lacks("no median pooling"),
        _ => {}
    }
    let input = store.read(&problem.input, &problem.shape)?;
    Ok(Ok(match (&problem.region, problem.op) {
        (Region::Adaptive | Region::Global, Op::Average) => {
            Prepared::new(move || adaptive_avg_pool2d(input.clone(), [height, width]))
        }
        (Region::Window { kernel, stride, padding }, op) => {
            let window = Window { kernel: pair(kernel)?, stride: pair(stride)?, padding: pair(padding)? };
            let ahead = match &problem.ahead {
                Some(ahead) => Some(store.read(ahead, &problem.output_shape)?),
                None => None,
            };
            match windows(problem.wanted, op, window, input, ahead) {
                Some(prepared) => prepared,
                None => return lacks("no such pooling in windows"),
            }
        }
        _ => return lacks("adaptive pooling averages only"),
    }))
}

/// Both spatial axes.
#[derive(Clone, Copy)]
struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Window {
    fn max(self) -> MaxPoolOptions<2> {
        MaxPoolOptions::new(self.kernel).with_stride(self.stride).with_padding(self.padding)
    }

    fn average(self) -> AvgPoolOptions<2> {
        AvgPoolOptions::new(self.kernel).with_stride(self.stride).with_padding(self.padding).with_count_include_pad(true)
    }
}

#[allow(clippy::cast_precision_loss, reason = "taps of a window are few")]
fn windows(wanted: Wanted, op: Op, window: Window, input: Tensor<4>, ahead: Option<Tensor<4>>) -> Option<Prepared> {
    let Window { kernel, stride, padding } = window;
    Some(match (wanted, op, ahead) {
        (Wanted::Values, Op::Max, _) => Prepared::new(move || max_pool2d(input.clone(), window.max())),
        (Wanted::Indices, Op::Max, _) => Prepared::new(move || max_pool2d_with_indices(input.clone(), window.max()).0),
        (Wanted::Values, Op::Average, _) => Prepared::new(move || avg_pool2d(input.clone(), window.average())),
        (Wanted::Values, Op::Lp2, _) => {
            let taps = (kernel[0] * kernel[1]) as f32;
            let run = move || {
                let squares = input.clone() * input.clone();
                (avg_pool2d(squares, window.average()) * taps).sqrt()
            };
            Prepared { note: Some("squares, averages, times taps, root"), ..Prepared::new(run) }
        }
        (Wanted::Gradient, Op::Average, Some(ahead)) => {
            Prepared::new(move || avg_pool2d_backward(input.clone(), ahead.clone(), kernel, stride, padding, true, false))
        }
        (Wanted::Gradient, Op::Max, Some(ahead)) => {
            let (_, indices): (_, Tensor<4, Int>) = max_pool2d_with_indices(input.clone(), window.max());
            let run = move || {
                let (input, ahead, indices) = (input.clone(), ahead.clone(), indices.clone());
                max_pool2d_with_indices_backward(input, kernel, stride, padding, [1, 1], false, ahead, indices)
            };
            Prepared { note: Some("is given the indices"), ..Prepared::new(run) }
        }
        _ => return None,
    })
}

/// Σ mask · x over the tokens, through Σ mask.
fn masked_mean(problem: &Problem, mask: &std::path::Path, store: &Store) -> Result<Prepared, String> {
    let &[batch, tokens, width] = problem.shape.as_slice() else { return Err("[B, T, D], not more axes".into()) };
    let kept: Vec<f32> = words(mask)?.into_iter().map(|word| f32::from(u8::from(u32::from_le_bytes(word) != 0))).collect();
    let kept = Tensor::<4>::from_data(TensorData::new(kept, [batch, 1, tokens, 1]), &store.device);
    let input = store.read(&problem.input, &[batch, 1, tokens, width])?;
    let run = move || (input.clone() * kept.clone()).sum_dim(2) / kept.clone().sum_dim(2);
    Ok(Prepared { note: Some("product with the mask, sum, quotient"), ..Prepared::new(run) })
}

fn pair(sizes: &[u32]) -> Result<[usize; 2], String> {
    match *sizes {
        [rows, columns] => Ok([rows as usize, columns as usize]),
        _ => Err(format!("two spatial axes, not {}", sizes.len())),
    }
}
