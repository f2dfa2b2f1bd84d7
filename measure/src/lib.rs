//! Measures poolings against the copy limit: what `plunge bench`, `cargo bench` and the comparison with other libraries share.
//!
//! # Where to begin
//!
//! - [`Bench`] measures workloads of the catalogue and answers with a [`Record`], which `docs/bench.md` explains field by field.
//! - [`Clock`] times anything that is a [`Contestant`]: a [`Prepared`] workload, a [`CopyKernel`], a bound pooling.
//! - [`check`](check::check) compares a kernel's answer with the reference's before it is timed.
//! - [`chart`] draws records.

mod bench;
pub mod chart;
pub mod check;
mod clock;
mod contest;
mod copy;
mod device;
mod encoding;
mod prepared;
mod record;
mod statistics;
mod sweeps;
mod taps;
pub mod targets;

pub use bench::Bench;
pub use clock::{Clock, Contestant, Elapsed};
pub use contest::Contest;
pub use copy::CopyKernel;
pub use device::{open, open_all};
pub use encoding::encoding;
pub use prepared::{Buffers, Prepared};
pub use record::{
    Adapter, ClockKind, Copy, Encoding, KernelTime, Malformed, Point, Record, Skipped, Sweep, TargetMark, WorkloadTime,
};
pub use statistics::Statistics;
