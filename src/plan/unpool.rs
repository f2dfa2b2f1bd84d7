//! Planning to put pooled values back.

use super::{
    BackKey, BackTo, Limits, Plan, Request, Role, Step, UnpoolStep, WORD, WORKGROUP, Way, back, check_bytes, choose_kernel,
    index,
};
use crate::{Error, Kernel, Op, OpKind, Pooling, Shape, geometry::Geometry};

impl Plan {
    /// Plans to put pooled values of shape `pooled` back into a tensor of shape `restored`: the values, and for max, min and stochastic samples their
    /// indices, in; the tensor out.
    ///
    /// # Errors
    /// As [`Pooling::unpooled_shape`]; [`Error::UnsupportedSize`] for tensors beyond the limits.
    pub fn unpool(pooling: &Pooling, pooled: &Shape, restored: &Shape, limits: &Limits) -> Result<Self, Error> {
        let geometry = Geometry::unpool(pooling, pooled, restored)?;
        let op = &pooling.op;
        let kernel = match Manner::of(op) {
            Manner::Spread => choose_kernel(pooling, &geometry, &Request::new(), limits, true)?,
            _ => Kernel::Direct,
        };
        let mut plan = Self::empty(pooling, &geometry, Way::Unpool, kernel, limits)?;
        let positions = index(restored.elements() as u64)?;
        let values = index(pooled.elements() as u64)?;
        if positions == 0 {
            return Ok(plan);
        }
        let step =
            |key, count: u32| Step::new(key, op, &geometry, values, count.div_ceil(WORKGROUP), [positions, 0, 0], limits);
        if values == 0 {
            plan.steps.push(step(Role::Clear, positions)?);
            return Ok(plan);
        }
        match Manner::of(op) {
            Manner::Indices => {
                plan.scratch_bytes = u64::from(positions) * WORD;
                check_bytes("scratch", plan.scratch_bytes, limits)?;
                plan.steps.push(step(Role::Unpool(UnpoolStep::Clear), positions)?);
                plan.steps.push(step(Role::Unpool(UnpoolStep::Mark), values)?);
                plan.steps.push(step(Role::Unpool(UnpoolStep::Place), positions)?);
            }
            Manner::Spread => {
                plan.save(pooling, &geometry, limits, 0)?;
                let (op, variant, walk, weighting) = (op.kind(), op.variant(), geometry.walk, op.weighting());
                let key = BackKey { op, variant, walk, weighting, activation: None, to: BackTo::Spread };
                let mut spread = step(Role::Back(key), positions)?;
                let [stretch] = back::stretches(&pooling.region, &geometry)?[..] else {
                    return Err(Error::unsupported("spreading in such wide windows", "one value is in too many of them"));
                };
                spread.params.holders = stretch;
                plan.steps.push(spread);
            }
            Manner::Nearest => {
                back::checked(geometry.axes.iter().map(|axis| 3 * u64::from(axis.output)).sum())?;
                plan.steps.push(step(Role::Unpool(UnpoolStep::Nearest(geometry.walk)), positions)?);
            }
        }
        plan.check_buffers(limits)?;
        Ok(plan)
    }
}

/// How an op's values are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Each at its index.
    Indices,
    /// Over the positions that they summarise.
    Spread,
    /// To the positions that they are nearest to.
    Nearest,
}

impl Manner {
    pub(crate) fn of(op: &Op) -> Self {
        match op.kind() {
            kind if kind.row().indices => Self::Indices,
            OpKind::Average | OpKind::Gaussian => Self::Spread,
            _ => Self::Nearest,
        }
    }
}
