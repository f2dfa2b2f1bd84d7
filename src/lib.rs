//! Plunge

pub mod error;
mod geometry;
pub mod op;
mod shape;
mod spec;

pub use error::Error;
pub use geometry::RegionKind;
pub use op::{Op, OpKind};
pub use shape::Shape;
pub use spec::{Activation, Padding, PaddingMode, PerAxis, Pooling, Region, Window};
