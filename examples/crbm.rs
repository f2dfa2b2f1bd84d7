//! A convolutional restricted Boltzmann machine with probabilistic max pooling (Lee, Grosse, Ranganath and Ng 2009), trained on real handwritten digits
//! by one step of contrastive divergence. Detection and pooling layers, their draws and the way back down are Plunge's; the few convolutions are plain loops.
//!
//! ```text
//! cargo run --release --example crbm --features image
//! ```
//!
//! Leaves `crbm.png` (filters above; below them digits, and what their detection layer and their pooling layer alone say of them) and prints what was
//! learned: the error of reconstruction, and what a linear classifier makes of the pooling layer beside the pixels themselves.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an example speaks, and its numbers are small"
)]

use image::{GrayImage, Luma};
use plunge::{Engine, Error, Op, Pooling, ProbabilisticMode, Request, Shape, Window};

/// A row a digit: its class, then 8 × 8 grey values from 0 to 16.
const DIGITS: &[u8] = include_bytes!("data/digits.bin");
const SIDE: usize = 8;
/// Zeros about a digit, so that strokes at its edge are seen whole.
const MARGIN: usize = 2;
const VISIBLE: usize = SIDE + 2 * MARGIN;
const FILTERS: usize = 24;
const TAPS: usize = 5;
const HIDDEN: usize = VISIBLE - TAPS + 1;
const BLOCK: usize = 2;
const POOLED: usize = HIDDEN / BLOCK;
const BATCH: usize = 40;
const EPOCHS: usize = 30;
/// How often a unit is to be on, at rest.
const SPARSITY: f32 = 0.03;
const TRAINING: usize = 1400;

/// What is learned.
struct Machine {
    engine: Engine,
    /// [FILTERS, TAPS, TAPS]
    filters: Vec<f32>,
    /// One a filter.
    hidden_bias: Vec<f32>,
    visible_bias: f32,
}

impl Machine {
    /// The input of the detection layer: [N, FILTERS, HIDDEN, HIDDEN] of [N, VISIBLE, VISIBLE].
    fn upward(&self, visible: &[f32]) -> Vec<f32> {
        let mut x = Vec::with_capacity(visible.len() / (VISIBLE * VISIBLE) * FILTERS * HIDDEN * HIDDEN);
        for image in visible.chunks(VISIBLE * VISIBLE) {
            for (filter, bias) in self.filters.chunks(TAPS * TAPS).zip(&self.hidden_bias) {
                for at in 0..HIDDEN * HIDDEN {
                    let (y, x_at) = (at / HIDDEN, at % HIDDEN);
                    let row = |i: usize| &image[(y + i) * VISIBLE + x_at..][..TAPS];
                    let sum: f32 = (0..TAPS).map(|i| dot(row(i), &filter[i * TAPS..][..TAPS])).sum();
                    x.push(bias + sum);
                }
            }
        }
        x
    }

    /// What the visible units are on average, given hidden ones.
    fn downward(&self, hidden: &[f32]) -> Vec<f32> {
        let mut visible = Vec::with_capacity(hidden.len() / (FILTERS * HIDDEN * HIDDEN) * VISIBLE * VISIBLE);
        for layers in hidden.chunks(FILTERS * HIDDEN * HIDDEN) {
            let mut image = vec![self.visible_bias; VISIBLE * VISIBLE];
            for (layer, filter) in layers.chunks(HIDDEN * HIDDEN).zip(self.filters.chunks(TAPS * TAPS)) {
                for (at, unit) in layer.iter().enumerate().filter(|(_, unit)| **unit != 0.0) {
                    let (y, x) = (at / HIDDEN, at % HIDDEN);
                    for i in 0..TAPS {
                        for j in 0..TAPS {
                            image[(y + i) * VISIBLE + x + j] += unit * filter[i * TAPS + j];
                        }
                    }
                }
            }
            visible.extend(image.into_iter().map(sigmoid));
        }
        visible
    }

    /// The pooling and the detection layer above `x`, probable or drawn.
    fn layers(&self, x: &[f32], mode: ProbabilisticMode, seed: u64) -> Result<[Vec<f32>; 2], Error> {
        let shape = Shape::nchw([x.len() / (FILTERS * HIDDEN * HIDDEN), FILTERS, HIDDEN, HIDDEN]);
        let pooled = self.engine.pool(&blocks(mode, seed), shape, x, &Request::new().detection(true))?;
        Ok([pooled.values, pooled.detection.unwrap_or_default()])
    }

    /// Top-down: the visible units that a pooling layer alone expects. Each block's units share its state.
    fn expected_below(&self, pooled: &[f32]) -> Result<Vec<f32>, Error> {
        let n = pooled.len() / (FILTERS * POOLED * POOLED);
        let shape = Shape::nchw([n, FILTERS, POOLED, POOLED]);
        let pooling = blocks(ProbabilisticMode::Probabilities, 0);
        let restored = pooling.unpooled_shape(&shape, None)?;
        let shares: Vec<f32> = pooled.iter().map(|on| on / (BLOCK * BLOCK) as f32).collect();
        Ok(self.downward(&self.engine.unpool(&pooling, shape, restored, &shares, None)?))
    }

    /// One step of contrastive divergence on a batch; the error of reconstruction.
    fn learn(&mut self, visible: &[f32], rate: f32, seed: u64) -> Result<f32, Error> {
        let x = self.upward(visible);
        let [_, seen] = self.layers(&x, ProbabilisticMode::Probabilities, seed)?;
        let [_, drawn] = self.layers(&x, ProbabilisticMode::Sample, seed)?;
        let dreamt = self.downward(&drawn);
        let [_, dreamt_of] = self.layers(&self.upward(&dreamt), ProbabilisticMode::Probabilities, seed)?;
        let images = visible.len() / (VISIBLE * VISIBLE);
        let step = rate / (images * HIDDEN * HIDDEN) as f32;
        for image in 0..images {
            let (v0, v1) = (&visible[image * VISIBLE * VISIBLE..], &dreamt[image * VISIBLE * VISIBLE..]);
            for filter in 0..FILTERS {
                let first = (image * FILTERS + filter) * HIDDEN * HIDDEN;
                for at in 0..HIDDEN * HIDDEN {
                    let (y, x) = (at / HIDDEN, at % HIDDEN);
                    let (h0, h1) = (seen[first + at], dreamt_of[first + at]);
                    self.hidden_bias[filter] += step * (h0 - h1 + 5.0 * (SPARSITY - h0));
                    for i in 0..TAPS {
                        for j in 0..TAPS {
                            let place = (y + i) * VISIBLE + x + j;
                            self.filters[(filter * TAPS + i) * TAPS + j] += step * (v0[place] * h0 - v1[place] * h1);
                        }
                    }
                }
            }
        }
        let off: f32 = visible.iter().zip(&dreamt).map(|(v, d)| v - d).sum();
        self.visible_bias += rate * off / visible.len() as f32;
        Ok(mean_square(visible, &dreamt))
    }
}

fn blocks(mode: ProbabilisticMode, seed: u64) -> Pooling {
    Pooling::new(Op::ProbabilisticMax { seed, mode }, Window::new([BLOCK as u32, BLOCK as u32]))
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn mean_square(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / a.len() as f32
}

/// Numbers that are the same at every run, about 0 with a spread of 1: sums of three uniform ones.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..count).map(|_| 2.0 * (uniform() + uniform() + uniform())).collect()
}

/// Share of test digits that a linear classifier, trained on the training digits' features by gradient descent, gets right.
fn accuracy(features: &[Vec<f32>], classes: &[usize]) -> f32 {
    let width = features[0].len();
    let mut weights = vec![0.0f32; 10 * (width + 1)];
    let scores = |weights: &[f32], feature: &[f32]| -> Vec<f32> {
        weights.chunks(width + 1).map(|row| dot(&row[..width], feature) + row[width]).collect()
    };
    for epoch in 0..60 {
        let rate = 0.1 / (1.0 + epoch as f32 / 10.0);
        for (feature, &class) in features.iter().zip(classes).take(TRAINING) {
            let scores = scores(&weights, feature);
            let most = scores.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
            let total: f32 = powers.iter().sum();
            for (digit, row) in weights.chunks_mut(width + 1).enumerate() {
                let step = rate * (f32::from(u8::from(digit == class)) - powers[digit] / total);
                row[..width].iter_mut().zip(feature).for_each(|(weight, value)| *weight += step * value);
                row[width] += step;
            }
        }
    }
    let right = features.iter().zip(classes).skip(TRAINING).filter(|(feature, class)| {
        let scores = scores(&weights, feature);
        (0..10).max_by(|a, b| scores[*a].total_cmp(&scores[*b])) == Some(**class)
    });
    right.count() as f32 / (features.len() - TRAINING) as f32
}

/// Pictures side by side in rows, each scaled to its own range or from 0 to 1, eight times as large.
fn draw(path: &str, rows: &[(Vec<Vec<f32>>, usize, bool)]) -> image::ImageResult<()> {
    const SCALE: usize = 8;
    let width = rows.iter().map(|(tiles, side, _)| tiles.len() * (side + 1) + 1).max().unwrap_or(1);
    let height: usize = rows.iter().map(|(_, side, _)| side + 1).sum::<usize>() + 1;
    let mut picture = GrayImage::from_pixel((width * SCALE) as u32, (height * SCALE) as u32, Luma([96]));
    let mut top = 1;
    for (tiles, side, own_range) in rows {
        for (t, tile) in tiles.iter().enumerate() {
            let size = tile.iter().fold(0.0f32, |most, x| most.max(x.abs())).max(1e-6);
            for (at, value) in tile.iter().enumerate() {
                let grey = if *own_range { 127.5 + 127.5 * value / size } else { 255.0 * value };
                let (y, x) = (top + at / side, 1 + t * (side + 1) + at % side);
                for pixel in 0..SCALE * SCALE {
                    let (px, py) = (x * SCALE + pixel % SCALE, y * SCALE + pixel / SCALE);
                    picture.put_pixel(px as u32, py as u32, Luma([grey.clamp(0.0, 255.0) as u8]));
                }
            }
        }
        top += side + 1;
    }
    picture.save(path)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let classes: Vec<usize> = DIGITS.chunks(65).map(|row| row[0].into()).collect();
    let images: Vec<Vec<f32>> = DIGITS
        .chunks(65)
        .map(|row| {
            let mut image = vec![0.0; VISIBLE * VISIBLE];
            for (at, &grey) in row[1..].iter().enumerate() {
                image[(at / SIDE + MARGIN) * VISIBLE + at % SIDE + MARGIN] = f32::from(grey) / 16.0;
            }
            image
        })
        .collect();
    let engine = Engine::headless()?;
    println!("{} digits of {SIDE} × {SIDE} on {}", images.len(), plunge::describe(&engine.adapter_info()));
    let mut machine = Machine {
        engine,
        filters: noise(FILTERS * TAPS * TAPS).into_iter().map(|x| 0.1 * x).collect(),
        hidden_bias: vec![-2.0; FILTERS],
        visible_bias: -1.5,
    };
    let mut seed = 0;
    let test: Vec<f32> = images[TRAINING..].concat();
    let off = |machine: &Machine| -> Result<[f32; 2], Error> {
        let [pooled, detected] = machine.layers(&machine.upward(&test), ProbabilisticMode::Probabilities, 0)?;
        Ok([mean_square(&test, &machine.downward(&detected)), mean_square(&test, &machine.expected_below(&pooled)?)])
    };
    let before = off(&machine)?;
    for epoch in 0..EPOCHS {
        let mut error = 0.0;
        let batches: Vec<Vec<f32>> = images[..TRAINING].chunks(BATCH).map(<[Vec<f32>]>::concat).collect();
        for batch in &batches {
            seed += 1;
            error += machine.learn(batch, if epoch < 10 { 2.0 } else { 0.5 }, seed)? / batches.len() as f32;
        }
        if epoch % 5 == 4 {
            println!("after {:2} passes: mean squared error of what was dreamt {error:.4}", epoch + 1);
        }
    }
    let after = off(&machine)?;
    let mean = test.iter().sum::<f32>() / test.len() as f32;
    let flat = mean_square(&test, &vec![mean; test.len()]);

    let everything = images.concat();
    let above = |machine: &Machine| machine.layers(&machine.upward(&everything), ProbabilisticMode::Probabilities, 0);
    let features = |pooled: &[f32]| pooled.chunks(FILTERS * POOLED * POOLED).map(<[f32]>::to_vec).collect::<Vec<_>>();
    let [pooled, detected] = above(&machine)?;
    let learned = std::mem::replace(&mut machine.filters, noise(FILTERS * TAPS * TAPS));
    let [unlearned, _] = above(&machine)?;
    machine.filters = learned;

    println!("\nOf {} digits that it never saw:", images.len() - TRAINING);
    println!(
        "  mean squared error by the detection layer     {:.4} (before learning {:.4}; of a flat grey {flat:.4})",
        after[0], before[0]
    );
    println!("  by the pooling layer alone, top-down          {:.4} (before {:.4})", after[1], before[1]);
    println!("  a linear classifier is right of the pixels    {:.1} %", 100.0 * accuracy(&images, &classes));
    println!("  of pooling layers over random filters         {:.1} %", 100.0 * accuracy(&features(&unlearned), &classes));
    println!("  of the learned pooling layer                  {:.1} %", 100.0 * accuracy(&features(&pooled), &classes));

    let shown: Vec<usize> = (TRAINING..TRAINING + 10).collect();
    let of = |all: &[f32]| all.chunks(VISIBLE * VISIBLE).map(<[f32]>::to_vec).collect::<Vec<_>>();
    let pick = |all: &[f32], width: usize| shown.iter().flat_map(|&n| all[n * width..][..width].to_vec()).collect::<Vec<f32>>();
    let by_detection = of(&machine.downward(&pick(&detected, FILTERS * HIDDEN * HIDDEN)));
    let by_pooling = of(&machine.expected_below(&pick(&pooled, FILTERS * POOLED * POOLED))?);
    let filters: Vec<Vec<f32>> = machine.filters.chunks(TAPS * TAPS).map(<[f32]>::to_vec).collect();
    let digits: Vec<Vec<f32>> = shown.iter().map(|&n| images[n].clone()).collect();
    draw(
        "crbm.png",
        &[(filters, TAPS, true), (digits, VISIBLE, false), (by_detection, VISIBLE, false), (by_pooling, VISIBLE, false)],
    )?;
    println!("\ncrbm.png: the filters; digits, by their detection layer, and by their pooling layer alone");
    Ok(())
}
