//! What the driver and a peer say to each other: one JSON value a line on the peer's stdin and stdout.
//!
//! A peer opens with [`Answer::Hello`] and then answers every [`Request`] with one line. It ends when its stdin does.
//! Tensors go through files of little-endian f32 (masks: u32), in the order in which the peer stores them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The largest number of runs in one batch.
pub const MOST_RUNS: f64 = 10_000.0;

/// What the driver asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Load the input, run the problem and write what came of it: [`Answer::Ready`], [`Answer::Unsupported`] or
    /// [`Answer::Failed`]. Forgets the problem before.
    Prepare(Box<Problem>),
    /// Run the prepared problem so many times that it takes about this long, then wait once: [`Answer::Timed`].
    Time {
        /// Seconds.
        seconds: f64,
    },
}

/// What a peer answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It runs.
    Hello {
        /// The library's version.
        version: String,
        /// The adapter it found, where it tells.
        device: Option<String>,
    },
    /// It does not run here at all.
    Unavailable {
        /// Why.
        why: String,
    },
    /// The problem has been run and its answer written.
    Ready {
        /// How the library does it, where that is not its own pooling.
        note: Option<String>,
        /// Why values differ from those asked for, where the library means something else.
        differs: Option<String>,
    },
    /// The library has no such pooling.
    Unsupported {
        /// What is missing.
        why: String,
    },
    /// It has, and it did not work.
    Failed {
        /// The library's own words.
        why: String,
    },
    /// A batch of runs.
    Timed {
        /// Milliseconds a run.
        ms: f64,
        /// Runs in the batch.
        runs: u32,
    },
}

/// One pooling on one tensor of f32, in numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// The statistic.
    pub op: Op,
    /// What one output summarises.
    pub region: Region,
    /// What is wanted.
    pub wanted: Wanted,
    /// The input's sizes, N and C first however it is stored.
    pub shape: Vec<usize>,
    /// The output's sizes, likewise.
    pub output_shape: Vec<usize>,
    /// The input's values.
    pub input: PathBuf,
    /// The gradient of the output, where that of the input is wanted.
    pub ahead: Option<PathBuf>,
    /// Where the answer goes: values, or the gradient of the input.
    pub answer: PathBuf,
}

/// A statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The largest value.
    Max,
    /// The mean; padding counts.
    Average,
    /// The root of the sum of squares.
    Lp2,
    /// The middle value.
    Median,
}

/// What one output summarises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// A sliding window; padding is absent values.
    Window {
        /// Taps on each spatial axis.
        kernel: Vec<u32>,
        /// Distance between windows.
        stride: Vec<u32>,
        /// Absent values on both sides of each axis.
        padding: Vec<u32>,
    },
    /// A grid of fixed size.
    Adaptive,
    /// The whole plane.
    Global,
    /// The tokens of \[B, T, D\] whose mask is 1, to \[B, 1, D\].
    Sequence {
        /// \[B, T\], u32.
        mask: PathBuf,
    },
    /// Interpolated samples of boxes, to \[K, C, oh, ow\].
    RoiAlign {
        /// Rows of batch, x1, y1, x2, y2.
        boxes: PathBuf,
        /// Positions in one unit of the boxes.
        spatial_scale: f32,
        /// Samples on each axis of a bin.
        sampling_ratio: u32,
        /// Whether corners move by −0.5.
        aligned: bool,
    },
}

/// What is wanted of a pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The pooled values.
    Values,
    /// The pooled values, and indices in the library's own convention.
    Indices,
    /// The gradient of the input.
    Gradient,
}
