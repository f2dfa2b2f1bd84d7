//! The catalogue of pooling problems that tests, benches and the command line share, and the data to run them on.

pub mod catalogue;
pub mod data;
pub mod date;
pub mod figures;
pub mod sides;
pub mod verdict;

pub use catalogue::{Wanted, Workload, catalogue};
pub use data::Data;
pub use sides::Sides;
