//! Planning to put pooled values back.

use super::{
    BackKey, BackTo, Elements, Format, Limits, Plan, Request, Role, Site, UnpoolStep, WORD, Way, back, check_bytes,
    choose_kernel, index,
};
use crate::{Element, Error, Kernel, Op, OpKind, Pooling, Shape, geometry::Geometry};

impl Plan {
    /// Plans to put pooled values of shape `pooled` back into a tensor of shape `restored`: the values, and for max, min and stochastic samples their
    /// indices, in; the tensor out.
    ///
    /// # Errors
    /// As [`Pooling::unpooled_shape`]; [`Error::Unsupported`] for types of elements that do not go together; [`Error::UnsupportedSize`] for tensors
    /// beyond the limits.
    pub fn unpool(
        pooling: &Pooling,
        pooled: &Shape,
        restored: &Shape,
        request: &Request,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let geometry = Geometry::unpool(pooling, pooled, restored)?;
        if request.indices || request.detection || request.parameters {
            return Err(Error::unsupported("indices, detection layers or parameters of unpooling", "the way there has them"));
        }
        let site = Site { pooling, geometry: &geometry, elements: Elements::of_buffers(request)?, limits };
        let op = &pooling.op;
        let kernel = match Manner::of(op) {
            Manner::Spread => choose_kernel(&site, request, true)?,
            _ => Kernel::Direct,
        };
        let mut plan = Self::empty(&site, Way::Unpool, kernel)?;
        let positions = index(restored.elements() as u64)?;
        let values = index(pooled.elements() as u64)?;
        if positions == 0 {
            return Ok(plan);
        }
        let format = Format::moving(&geometry, &site.elements);
        let each = format.output.per_word();
        let step = |key, count: u32, each| site.step_over(key, count, each, [positions, 0, 0]);
        if values == 0 {
            plan.steps.push(step(Role::Clear(site.elements.reals()[1]), positions, each)?);
            return Ok(plan);
        }
        match Manner::of(op) {
            Manner::Indices => {
                plan.scratch_bytes = u64::from(positions) * WORD;
                check_bytes("scratch", plan.scratch_bytes, limits)?;
                plan.steps.push(step(Role::Unpool(UnpoolStep::Clear), positions, 1)?);
                plan.steps.push(step(Role::Unpool(UnpoolStep::Mark(geometry.order)), values, 1)?);
                plan.steps.push(step(Role::Unpool(UnpoolStep::Place(format)), positions, each)?);
            }
            Manner::Spread => {
                // What regions are follows from their places: they are folded over the tensor that is still to be written.
                plan.save(&Site { elements: site.elements.of_output(), ..site }, 0)?;
                let (op, variant, walk, weighting) = (op.kind(), op.variant(), geometry.walk, op.weighting());
                let format = Format::reals(&geometry, &site.elements);
                let (ahead, to, activation, patch) = (Element::F32, BackTo::Spread, None, None);
                let key = BackKey { op, variant, walk, weighting, activation, format, ahead, to, patch };
                let mut spread = step(Role::Back(key), positions, each)?;
                let [stretch] = back::stretches(&pooling.region, &geometry, each)?[..] else {
                    return Err(Error::unsupported("spreading in such wide windows", "one value is in too many of them"));
                };
                spread.params.holders = stretch;
                plan.steps.push(spread);
            }
            Manner::Nearest => {
                back::checked(geometry.axes.iter().map(|axis| 3 * u64::from(axis.output)).sum(), each)?;
                plan.steps.push(step(Role::Unpool(UnpoolStep::Nearest(geometry.walk, format)), positions, each)?);
            }
        }
        plan.check_bindings(limits)?;
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
