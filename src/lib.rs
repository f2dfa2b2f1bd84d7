#![doc = include_str!("../README.md")]
//!
//! # Where to begin
//!
//! - [`Pooling`] says what to pool: an [`Op`] in a [`Region`].
//! - [`Engine::prepare`] makes it ready for a [`Shape`], [`Pooler::bind`] for buffers, [`BoundPooling::encode`] records it.
//! - [`Engine::headless`] and [`Engine::pool`] are for programs that have neither device nor buffers.
//! - [`onnx::pooling`] makes a [`Pooling`] of an ONNX operator's attributes.
//! - [`plan::Plan`] tells, without a device, which kernels would run; [`reference::pool`] is the answer they must give.

#[cfg(feature = "gpu")]
mod bindings;
mod element;
#[cfg(feature = "gpu")]
mod engine;
pub mod error;
mod geometry;
#[cfg(feature = "headless")]
mod headless;
#[cfg(feature = "gpu")]
mod hosted;
#[cfg(feature = "image")]
pub mod image;
mod indices;
#[cfg(feature = "gpu")]
mod once;
pub mod onnx;
pub mod op;
#[cfg(feature = "gpu")]
mod pipeline;
#[cfg(feature = "gpu")]
mod pipeline_cache;
pub mod plan;
#[cfg(feature = "gpu")]
mod pooler;
pub mod reference;
#[cfg(feature = "gpu")]
mod scopes;
mod shape;
mod sides;
mod spec;
#[cfg(feature = "gpu")]
mod tensor;
mod texel;
#[cfg(feature = "gpu")]
mod texture;
#[cfg(feature = "gpu")]
mod wait;
#[cfg(feature = "gpu")]
mod warm_up;
mod wgsl;

#[cfg(feature = "gpu")]
pub use bindings::{Bindings, IntoBinding};
pub use element::{Element, Quantization, Value};
#[cfg(feature = "gpu")]
pub use engine::Engine;
pub use error::Error;
pub use geometry::RegionKind;
#[cfg(feature = "headless")]
pub use headless::{HeadlessOptions, adapters, adapters_async, describe};
#[cfg(feature = "gpu")]
pub use hosted::{Gradients, Pooled};
pub use indices::IndexConvention;
pub use op::{Op, OpKind, ProbabilisticMode, StochasticMode, WeightPreset};
pub use plan::{Kernel, Request, Specialise};
#[cfg(feature = "gpu")]
pub use pooler::{BoundPooling, Pooler};
pub use shape::{Layout, Shape};
pub use sides::SideInputs;
pub use spec::{
    Activation, ClusterBy, Clusters, Fractional, Padding, PaddingMode, PerAxis, Pooling, Region, RoiAlign, RoiPool, Window,
};
#[cfg(feature = "gpu")]
pub use tensor::Tensor;
pub use texel::Texel;
#[cfg(feature = "gpu")]
pub use texture::{MipPooler, TextureLevel};
#[cfg(feature = "gpu")]
pub use wgpu;
