//! One dispatch, and what it is planned for.

use super::{
    Elements, KernelKey, Limits, Params, Role, WORKGROUP, index,
    pieces::{Firsts, Shifts, Slices},
};
use crate::{Error, Pooling, geometry::Geometry};

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) key: KernelKey,
    pub(crate) params: Params,
    pub(crate) workgroups: [u32; 2],
    /// The ranges that it binds, where the plan is in pieces.
    pub(crate) slices: Option<Slices>,
    /// Taps that it folds, or as many as take as long.
    pub(crate) cost: u64,
}

/// What is planned, and for which device.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) pooling: &'a Pooling,
    pub(super) geometry: &'a Geometry,
    pub(super) elements: Elements,
    pub(super) limits: &'a Limits,
    /// Where the tensors begin in what is bound.
    pub(super) shifts: Shifts,
    /// What its numbers are counted from.
    pub(super) firsts: Firsts,
    /// Whether the whole input is whole fours.
    pub(super) whole_fours: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(pooling: &'a Pooling, geometry: &'a Geometry, elements: Elements, limits: &'a Limits) -> Self {
        let whole_fours = geometry.input.elements().is_multiple_of(4);
        Self { pooling, geometry, elements, limits, shifts: Shifts::default(), firsts: Firsts::default(), whole_fours }
    }

    /// A step of so many workgroups, with the schedule's own numbers.
    pub(super) fn step(&self, key: Role, groups: u32, own: [u32; 3]) -> Result<Step, Error> {
        let Self { pooling, geometry, elements, limits, .. } = self;
        let [across, down] = limits.grid(groups)?;
        let outputs = index(geometry.output.elements() as u64)?;
        let params = Params::new(&pooling.op, geometry, elements, outputs, [across, own[0], own[1], own[2]]);
        Ok(Step { key: KernelKey(key), params, workgroups: [across, down], slices: None, cost: 0 })
    }

    /// A step whose invocations own `each` of `count` values.
    pub(super) fn step_over(&self, key: Role, count: u32, each: u32, own: [u32; 3]) -> Result<Step, Error> {
        self.step(key, count.div_ceil(each * WORKGROUP), own)
    }
}
