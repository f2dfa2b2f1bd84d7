//! Planning to put pooled values back.

use super::{
    BackKey, BackTo, Elements, Format, Limits, Plan, Request, Role, Site, UnpoolStep, WORD, Way, back, choose_kernel, index,
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
        let site = Site::new(pooling, &geometry, Elements::of_buffers(request)?, limits);
        let op = &pooling.op;
        let kernel = match Manner::of(op) {
            Manner::Spread => choose_kernel(&site, request, true)?,
            _ => Kernel::Direct,
        };
        let mut plan = Self::empty(&site, Way::Unpool, kernel)?;
        plan.folds = Manner::of(op) == Manner::Spread;
        if restored.elements() == 0 {
            return Ok(plan);
        }
        let each = site.elements.output.per_word();
        if pooled.elements() == 0 {
            let positions = index(restored.elements() as u64)?;
            let key = Role::Clear(site.elements.reals()[1]);
            plan.steps.push(site.step_over(key, positions, each, [positions, 0, 0])?);
        } else {
            let saved = if plan.folds { op.kind().row().saved_bytes } else { 0 };
            let division = plan.division_back(saved);
            plan.in_pieces(&site, request, division, |plan, site| plan.put_back(site))?;
        }
        plan.settle(limits)?;
        Ok(plan)
    }

    /// The steps that put values back, of one piece.
    fn put_back(&mut self, site: &Site<'_>) -> Result<(), Error> {
        let Site { pooling, geometry, .. } = *site;
        let op = &pooling.op;
        let [positions, values] = [geometry.input, geometry.output].map(|shape| index(shape.elements() as u64));
        let (positions, values) = (positions?, values?);
        let format = Format::moving(geometry, &site.elements);
        let each = format.output.per_word();
        let step = |key, count: u32, each| site.step_over(key, count, each, [positions, 0, 0]);
        match Manner::of(op) {
            Manner::Indices => {
                self.scratch_bytes = self.scratch_bytes.max(u64::from(positions) * WORD);
                self.steps.push(step(Role::Unpool(UnpoolStep::Clear), positions, 1)?);
                self.steps.push(step(Role::Unpool(UnpoolStep::Mark(geometry.order)), values, 1)?);
                self.steps.push(step(Role::Unpool(UnpoolStep::Place(format)), positions, each)?);
            }
            Manner::Spread => {
                // What regions are follows from their places: they are folded over the tensor that is still to be written.
                self.save(&Site { elements: site.elements.of_output(), ..*site }, 0)?;
                let (op, variant, walk, weighting) = (op.kind(), op.variant(), geometry.walk, op.weighting());
                let format = Format::reals(geometry, &site.elements);
                let (ahead, to, activation, patch) = (Element::F32, BackTo::Spread, None, None);
                let key = BackKey { op, variant, walk, weighting, activation, format, ahead, to, patch };
                let mut spread = step(Role::Back(key), positions, each)?;
                let [stretch] = back::stretches(&pooling.region, geometry, each)?[..] else {
                    return Err(Error::unsupported("spreading in such wide windows", "one value is in too many of them"));
                };
                spread.params.holders = stretch;
                self.steps.push(spread);
            }
            Manner::Nearest => {
                back::checked(geometry.axes.iter().map(|axis| 3 * u64::from(axis.output)).sum(), each)?;
                self.steps.push(step(Role::Unpool(UnpoolStep::Nearest(geometry.walk, format)), positions, each)?);
            }
        }
        Ok(())
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
