//! Plunge

pub mod error;
mod geometry;
pub mod op;
pub mod plan;
pub mod reference;
mod shape;
mod spec;
mod wgsl;

pub use error::Error;
pub use geometry::RegionKind;
pub use op::{Op, OpKind};
pub use plan::{Kernel, Request, Specialise};
pub use shape::Shape;
pub use spec::{Activation, Padding, PaddingMode, PerAxis, Pooling, Region, Window};
