//! Planning the way back: what must be known of every output, then a gather of gradients.

use super::{
    BackKey, BackTo, Elements, Format, Limits, Plan, Request, Role, Site, Stored, WORD, Way, choose_kernel, index,
    patch::patch_for,
};
use crate::{
    Element, Error, Kernel, Pooling, Region, Shape,
    geometry::{Axis, Geometry, Side, Walk},
};

/// Loop turns that one invocation of a gather may make for all values that it owns, for the reason that bounds the direct kernel's.
const MOST_TURNS: u64 = 40_000;

/// Steps that the gather may take: beyond that a plan would hold more parameters than work.
const MOST_STEPS: u64 = 1 << 14;

/// Terms of one parameter's gradient that one workgroup adds up.
const TERMS_A_PART: u64 = 64 * 256;

/// What a gather looks at in one step: from and to, twice; the holders' file says of what.
type Stretch = [u32; 4];

impl Plan {
    /// Plans the gradient of `pooling` with respect to its input, of `shape`: the input and the gradient of the output in, the gradient of the
    /// input out. `request` may force the kernel that finds what must be known of every output.
    ///
    /// # Errors
    /// As [`Plan::new`]; [`Error::UnsupportedSize`] also where so many outputs hold one value that an invocation cannot walk a row of them.
    pub fn grad(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> Result<Self, Error> {
        let geometry = Geometry::resolve(pooling, shape)?;
        let row = pooling.op.kind().row();
        let site = Site::new(pooling, &geometry, Elements::of_grad(request)?, limits);
        let kernel =
            if row.saved_bytes > 0 || request.kernel.is_some() { choose_kernel(&site, request, true)? } else { Kernel::Direct };
        if request.detection {
            return Err(Error::unsupported("the detection layer of a gradient", "the way there has it"));
        }
        if request.indices {
            return Err(Error::unsupported("indices of a gradient", "the way there has them"));
        }
        let learned = if request.parameters { pooling.op.learned(geometry.weights) } else { 0 };
        if request.parameters && learned == 0 {
            let why = "weighted and gated have weights that learn, gem has p";
            return Err(Error::unsupported(format!("gradients of {}'s parameters", row.name), why));
        }
        let mut plan = Self::empty(&site, Way::Grad, kernel)?;
        plan.learned = learned;
        plan.folds = row.saved_bytes > 0;
        if shape.elements() == 0 {
            return Ok(plan);
        }
        let format = Format::reals(&geometry, &site.elements);
        let each = format.output.per_word();
        if plan.output.elements() == 0 {
            let inputs = index(shape.elements() as u64)?;
            plan.steps.push(site.step_over(Role::Clear(format.output), inputs, each, [inputs, 0, 0])?);
            if learned > 0 {
                plan.scratch_bytes = WORD;
                plan.steps.push(site.step_over(Role::MergeSum, index(learned)?, 1, [0, index(learned)?, 0])?);
            }
            plan.settle(limits)?;
            return Ok(plan);
        }
        plan.digest_sides(&site)?;
        // What learns, and positions that boxes lie over, get gradients from all outputs.
        let division = plan.division_back(row.saved_bytes);
        if learned > 0 || geometry.side.is_some() {
            plan.gather(&site, request)?;
        } else {
            plan.in_pieces(&site, request, division, |plan, site| plan.gather(site, request))?;
        }
        plan.settle(limits)?;
        Ok(plan)
    }

    /// The steps that bring gradients back, of one piece.
    fn gather(&mut self, site: &Site<'_>, request: &Request) -> Result<(), Error> {
        let Site { pooling, geometry, .. } = *site;
        let learned = self.learned;
        let [inputs, outputs] = [geometry.input, geometry.output].map(|shape| index(shape.elements() as u64));
        let (inputs, outputs) = (inputs?, outputs?);
        let format = Format::reals(geometry, &site.elements);
        let each = format.output.per_word();
        // Parts of what comes back to one parameter.
        let terms = u64::from(outputs) / if geometry.weights > 0 { self.weights_sets(geometry) } else { 1 };
        let parts = terms.div_ceil(TERMS_A_PART).max(1);
        let mut stretches = stretches(&pooling.region, geometry, each)?;
        // Several steps add up in f32, whatever the gradient is stored as.
        let sums = stretches.len() > 1 && format.output != Stored::F32;
        let least = if sums { u64::from(inputs) } else { 0 };
        self.save(site, least.max(learned.saturating_mul(parts)).saturating_mul(WORD))?;
        let key = BackKey {
            op: pooling.op.kind(),
            variant: pooling.op.variant(),
            walk: geometry.walk,
            weighting: pooling.op.weighting(),
            activation: pooling.activation,
            format,
            ahead: site.elements.output,
            to: BackTo::Input,
            patch: None,
        };
        let gather = if sums { BackKey { format: Format { output: Stored::Sums, ..format }, ..key } } else { key };
        let patch = if stretches.len() == 1 { patch_for(&key, site, request.specialise) } else { None };
        if let Some(patch) = patch {
            let [rows, columns] = patch.sides();
            let [_, height, width] = &geometry.axes;
            let [down, across] = [height.input.div_ceil(rows), width.input.div_ceil(columns)];
            let patches = inputs / (height.input * width.input) * down * across;
            let key = Role::Back(BackKey { patch: Some(patch), ..key });
            let mut step = site.step_over(key, patches, 1, [patches, across, down])?;
            step.params.holders = stretches[0];
            self.steps.push(step);
            stretches.clear();
        }
        for (at, stretch) in stretches.into_iter().enumerate() {
            let own = [inputs, u32::from(at > 0), 0];
            let mut step = site.step_over(Role::Back(gather), inputs, gather.format.output.per_word(), own)?;
            step.params.holders = stretch;
            self.steps.push(step);
        }
        if sums {
            self.steps.push(site.step_over(Role::Narrow(format.output), inputs, each, [inputs, 0, 0])?);
        }
        if learned > 0 {
            let own = [index(parts)?, index(learned)?, 0];
            let key = BackKey { to: BackTo::Parameters, format: Format { output: Stored::F32, ..format }, ..key };
            self.steps.push(site.step(Role::Back(key), index(learned.saturating_mul(parts))?, own)?);
            self.steps.push(site.step_over(Role::MergeSum, index(learned)?, 1, own)?);
        }
        Ok(())
    }

    /// Sets of weights: one, or one a channel.
    fn weights_sets(&self, geometry: &Geometry) -> u64 {
        let taps = geometry.axes.iter().fold(1, |taps: u64, axis| taps.saturating_mul(axis.kernel.into()));
        (self.weights / taps.max(1)).max(1)
    }

    /// The steps that write the detection layer below a probabilistic max.
    pub(super) fn detect(&mut self, site: &Site<'_>) -> Result<(), Error> {
        let Site { pooling, geometry, elements, .. } = *site;
        let op = &pooling.op;
        let units = index(geometry.input.elements() as u64)?;
        let kernel = self.kernel;
        if kernel == Kernel::Tile {
            self.kernel = Kernel::Direct;
        }
        self.save(site, 0)?;
        self.kernel = kernel;
        let key = BackKey {
            op: op.kind(),
            variant: op.variant(),
            walk: geometry.walk,
            weighting: op.weighting(),
            activation: pooling.activation,
            format: Format { output: Stored::F32, ..Format::reals(geometry, &elements) },
            ahead: Element::F32,
            to: BackTo::Detection,
            patch: None,
        };
        let mut step = site.step_over(Role::Back(key), units, 1, [units, 0, 0])?;
        step.params.holders = [0, geometry.axes[1].output, 0, geometry.axes[2].output];
        self.steps.push(step);
        Ok(())
    }
}

/// The stretches of outputs that an invocation walks for each of the values that it owns, one a step: all at once in most cases.
pub(super) fn stretches(region: &Region, geometry: &Geometry, values: u32) -> Result<Vec<Stretch>, Error> {
    let most_turns = MOST_TURNS / u64::from(values);
    let checked = |turns| checked(turns, values);
    let [depth, height, width] = &geometry.axes;
    let holders = |axis: &Axis| most_holders(axis, geometry.walk);
    let split = |count: u32, each: u64| -> Result<Vec<[u32; 2]>, Error> {
        let at_once = u32::try_from((most_turns / each.max(1)).max(1)).unwrap_or(u32::MAX);
        few(count.div_ceil(at_once).into())?;
        Ok((0..count).step_by(at_once as usize).map(|from| [from, from.saturating_add(at_once).min(count)]).collect())
    };
    match (geometry.walk, geometry.side) {
        (Walk::List, _) => Ok(vec![[0; 4]]),
        (Walk::Pyramid, _) => {
            let mut stretches = Vec::new();
            for (level, row) in (0..).zip(geometry.table[1..].chunks(4)) {
                let [slices, rows, columns] = [(depth, row[1]), (height, row[2]), (width, row[3])]
                    .map(|(axis, bins)| most_holders(&Axis::whole(axis.input, bins), Walk::Adaptive));
                let row_turns = slices.saturating_mul(columns.saturating_mul(6).saturating_add(2));
                checked(row_turns)?;
                if rows.saturating_mul(row_turns) <= most_turns {
                    stretches.push([level, level + 1, 0, row[2]]);
                } else {
                    stretches.extend(split(row[2], row_turns)?.into_iter().map(|[from, to]| [level, level + 1, from, to]));
                }
            }
            Ok(stretches)
        }
        (Walk::RoiPool | Walk::RoiAlign, Some(Side::Boxes(boxes))) => {
            // Bins below one position have one sample on an axis, unless more are asked for, and may all lie about the same position; of
            // larger bins a few do, with a few samples each.
            let about = |axis: &Axis| u64::from(axis.output.max(6));
            let samples = match region {
                Region::RoiAlign(align) if align.sampling_ratio > 0 => u64::from(align.sampling_ratio) + 4,
                Region::RoiAlign(_) => 3,
                _ => 1,
            };
            let bin = samples.saturating_mul(samples + 1).saturating_add(2);
            let row = about(width).saturating_mul(bin).saturating_add(2);
            checked(row)?;
            let each = about(height).saturating_mul(row).saturating_add(4);
            if each <= most_turns {
                return Ok(split(boxes, each)?.into_iter().map(|[from, to]| [from, to, 0, height.output]).collect());
            }
            let rows = split(height.output, row)?;
            few(u64::from(boxes).saturating_mul(rows.len() as u64))?;
            Ok((0..boxes).flat_map(|own| rows.iter().map(move |[from, to]| [own, own + 1, *from, *to])).collect())
        }
        _ => {
            // Where padding stands for values, all taps are looked at.
            let taps = |axis: &Axis| {
                if matches!(geometry.walk, Walk::Reflect | Walk::Edge) { axis.most_taps(geometry.walk) } else { 1 }
            };
            let cell =
                [width, height, depth].iter().fold(1, |turns: u64, axis| taps(axis).saturating_mul(turns.saturating_add(2)));
            let slices = holders(depth);
            let row = slices.saturating_mul(holders(width).saturating_mul(cell).saturating_add(2));
            let scans = if geometry.walk == Walk::Fractional {
                geometry.axes.iter().map(|axis| u64::from(axis.output)).sum()
            } else {
                0
            };
            checked(scans)?;
            if holders(height).saturating_mul(row) <= most_turns {
                return Ok(vec![[0, height.output, 0, width.output]]);
            }
            if row <= most_turns {
                return Ok(split(height.output, row)?.into_iter().map(|[from, to]| [from, to, 0, width.output]).collect());
            }
            let column = slices.saturating_mul(cell.saturating_add(2));
            checked(column)?;
            let columns = split(width.output, column)?;
            few(u64::from(height.output).saturating_mul(columns.len() as u64))?;
            let rows = (0..height.output).map(|row| [row, row + 1]);
            Ok(rows.flat_map(|[from, to]| columns.iter().map(move |[left, right]| [from, to, *left, *right])).collect())
        }
    }
}

/// Refuses more steps than are worth a plan.
fn few(steps: u64) -> Result<(), Error> {
    if steps > MOST_STEPS {
        let what = "steps that a gradient is gathered in".into();
        return Err(Error::UnsupportedSize { what, limit: MOST_STEPS, actual: steps });
    }
    Ok(())
}

/// Refuses what cannot be split further, an invocation owning so many values.
pub(super) fn checked(turns: u64, values: u32) -> Result<(), Error> {
    let limit = MOST_TURNS / u64::from(values);
    if turns > limit {
        return Err(Error::UnsupportedSize { what: "loop turns of one value's gradient".into(), limit, actual: turns });
    }
    Ok(())
}

/// An upper bound of the outputs on this axis that are looked at for one position.
fn most_holders(axis: &Axis, walk: Walk) -> u64 {
    let reach = u64::from(axis.dilation) * (u64::from(axis.kernel) - 1);
    let padding = u64::from(axis.pad_begin) + u64::from(axis.pad_end);
    match walk {
        Walk::Window => reach / u64::from(axis.stride) + 1,
        // An image in the padding may be as far away as both paddings are wide.
        Walk::Reflect | Walk::Edge => (reach + 2 * padding) / u64::from(axis.stride) + 2,
        Walk::Adaptive => u64::from(axis.output / axis.input) + 4,
        Walk::Global => 1,
        _ => u64::from(axis.output),
    }
    .min(u64::from(axis.output))
}
