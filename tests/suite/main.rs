//! Every kernel on every adapter against the reference: one binary, so that it links once.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking and speak by printing"
)]

mod adapters;
mod arithmetic;
mod conformance;
mod embedding;
mod faults;
mod first_use;
mod formats;
mod gradients;
mod guarded;
mod guest;
#[cfg(feature = "serde")]
mod peers;
#[cfg(feature = "serde")]
mod peers_back;
mod peers_onnx;
mod probabilistic;
mod properties;
mod seams;
mod sides;
mod textures;
mod traps;
mod unpooling;
mod verdict;
