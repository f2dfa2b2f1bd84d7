//! What fuzzing feeds to Plunge, and what must hold whatever that is: the bodies of the targets in fuzz/, which `cargo test` runs too, on their seeds and
//! on inputs of its own.
//!
//! A body takes any bytes, makes of them what it tries, panics where something does not hold, and answers whether anything was taken and not refused.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what does not hold is told by a panic; casts cut random numbers to size"
)]

mod device;
mod draw;
mod readers;
mod sides;
mod spec;

pub use device::{reference_vs_gpu, sides_on_gpu};
pub use readers::readers;
pub use sides::sides;
pub use spec::spec;

/// A target's name, whether it needs an adapter, and its body.
pub type Target = (&'static str, bool, fn(&[u8]) -> bool);

/// All targets.
pub const TARGETS: [Target; 5] = [
    ("spec", false, spec),
    ("readers", false, readers),
    ("sides", false, sides),
    ("reference_vs_gpu", true, reference_vs_gpu),
    ("sides_on_gpu", true, sides_on_gpu),
];
