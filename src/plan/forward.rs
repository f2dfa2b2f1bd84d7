//! Planning the way there: what stands beside the input is digested, then every region folded.

use super::{
    ClusterStep, Digest, Division, Elements, Emit, Format, Kernel, KernelKey, Limits, Params, Plan, PoolKey, Request, Role,
    Rows, Schedule, Site, Step, Stored, Tile, WORD, WORKGROUP, Way,
    choose::{TwoStages, choose_kernel, in_runs, is_wide, masked, passes, sort_taps, strip_rows, strip_turn, team_of},
    index,
    line::{line_groups, line_parts, line_passes},
    pieces::Shifts,
    schedule::{MASKED_TEAMS, SORT_TAPS, STRIP_TURN, WIDE, two_stages},
};
use crate::{
    Error, Op, Pooling, Shape,
    geometry::{Axis, Found, Geometry, Labels, Side, Walk},
};

impl<'a> Site<'a> {
    /// On the way there, if that is possible.
    pub(super) fn forward(
        pooling: &'a Pooling,
        geometry: &'a Geometry,
        request: &Request,
        limits: &'a Limits,
    ) -> Result<Self, Error> {
        let row = pooling.op.kind().row();
        if request.indices && !row.indices {
            return Err(Error::unsupported(
                format!("indices of {}", row.name),
                "it chooses no tap; max, min and stochastic samples have indices",
            ));
        }
        if request.indices && !pooling.region.has_indices() {
            return Err(Error::unsupported(
                format!("indices in {}", pooling.region.kind().name()),
                "window (padded by absent values), adaptive, global and fractional regions have them",
            ));
        }
        if request.parameters {
            return Err(Error::unsupported("gradients of parameters forward", "prepare_grad gives them"));
        }
        if request.detection && !matches!(pooling.op, Op::ProbabilisticMax { .. }) {
            return Err(Error::unsupported(format!("the detection layer of {}", row.name), "probabilistic_max has one"));
        }
        let site = Self::new(pooling, geometry, Elements::of(request)?, limits);
        site.elements.check_textures(geometry)?;
        Ok(site)
    }
}

impl Plan {
    /// Plans `pooling` on an input of `shape`.
    ///
    /// # Errors
    /// As [`Pooling::output_shape`]; [`Error::Unsupported`] for indices of an op that chooses no tap, for types of elements that do not go together
    /// and for a forced kernel that does not fit; [`Error::UnsupportedSize`] for tensors beyond the limits.
    pub fn new(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> Result<Self, Error> {
        let geometry = Geometry::resolve(pooling, shape)?;
        let site = Site::forward(pooling, &geometry, request, limits)?;
        Self::forward(&site, request, choose_kernel(&site, request, false)?)
    }

    /// Plans the way there by a kernel.
    pub(super) fn forward(site: &Site<'_>, request: &Request, kernel: Kernel) -> Result<Self, Error> {
        let mut plan = Self::empty(site, Way::Forward { indices: request.indices }, kernel)?;
        plan.detection = request.detection;
        if plan.output.elements() > 0 {
            if masked(site, kernel, false).is_none() {
                plan.digest_sides(site)?;
            }
            plan.in_pieces(site, request, Division::forward(site, request), |plan, site| {
                plan.fold(site, if request.indices { Emit::Indices } else { Emit::Values })?;
                if request.detection { plan.detect(site) } else { Ok(()) }
            })?;
        }
        plan.settle(site.limits)?;
        Ok(plan)
    }

    /// The steps that digest what stands beside the input.
    pub(super) fn digest_sides(&mut self, site: &Site<'_>) -> Result<(), Error> {
        let Site { geometry, limits, .. } = site;
        let step = |digest, groups, own| site.step(Role::Digest(digest), groups, own);
        if let Some(Side::Boxes(count)) = geometry.side {
            let digest = if geometry.walk == Walk::RoiPool { Digest::RoiPool } else { Digest::RoiAlign };
            self.steps.push(step(digest, count.div_ceil(WORKGROUP), [count, 0, 0])?);
        }
        if let Some(Side::Clusters(found)) = geometry.side {
            self.scratch_bytes = found.scratch_words() * WORD;
            limits.check_size("scratch of clusters", found.scratch_words())?;
            self.find_clusters(&found, site)?;
        }
        if let Some(labels) = geometry.side.and_then(Side::labels) {
            let [chunks, size] = labels.chunks();
            let counters = u64::from(labels.images) * u64::from(chunks) * u64::from(labels.segments);
            self.scratch_bytes = self.scratch_bytes.max(counters * WORD);
            limits.check_size("counters of labels", counters)?;
            let own = [labels.images, chunks, size];
            let groups = (labels.images * chunks).div_ceil(WORKGROUP);
            self.steps.push(step(Digest::LabelsCount, groups, own)?);
            self.steps.push(step(Digest::LabelsScan, labels.images, own)?);
            self.steps.push(step(Digest::LabelsScatter, groups, own)?);
        }
        Ok(())
    }

    /// The steps that fold every region and keep what is wanted of it.
    pub(super) fn fold(&mut self, site: &Site<'_>, emit: Emit) -> Result<(), Error> {
        let Site { pooling, geometry, elements, limits, .. } = *site;
        let op = &pooling.op;
        let row = op.kind().row();
        let outputs = index(geometry.output.elements() as u64)?;
        let [_, height, width] = &geometry.axes;
        let Shifts { input: from, output: to, beside } = site.shifts;
        let rows = match ((width.input | from) % 4, site.whole_fours) {
            (0, _) => Rows::Fours,
            (_, true) => Rows::Shifted,
            _ => Rows::One,
        };
        let aligned = (to | beside) % 4 == 0;
        // The way back looks at one value at a time; four accumulators of a tree must fit a workgroup's memory.
        let one_by_one = match self.kernel {
            Kernel::Sort => true,
            Kernel::TwoStage => geometry.walk == Walk::List,
            _ => false,
        };
        let lanes =
            emit != Emit::Saved && !one_by_one && 4 * row.acc_bytes * u64::from(WORKGROUP) <= u64::from(limits.workgroup_bytes);
        let own = Format::pooling(pooling, geometry, &elements, lanes);
        let own = if lanes && self.kernel == Kernel::Direct { own.of_samples(geometry) } else { own };
        let format = if emit == Emit::Saved { Format { output: Stored::F32, ..own } } else { own };
        if format.splits_texels() {
            let because = "it stores one channel at a time; direct, reduce and two_stage store whole texels, but for segments and clusters";
            return Err(Error::unsupported(format!("{} into a texture of four channels", self.kernel), because));
        }
        let key = |schedule, rows, aligned_store| {
            PoolKey {
                op: op.kind(),
                variant: op.variant(),
                walk: geometry.walk,
                weighting: op.weighting(),
                activation: pooling.activation,
                schedule,
                format,
                rows,
                aligned_store,
                emit,
            }
            .plain_where_it_can_be()
        };
        if self.kernel == Kernel::Line {
            return self.fold_lines(site, key(Schedule::Direct, Rows::One, false));
        }
        let step = |key, groups, own| site.step(Role::Pool(key), groups, own);
        let owners = (outputs / format.values()).div_ceil(format.group());
        match self.kernel {
            Kernel::Direct if is_wide(geometry, row, &format, limits) => {
                self.steps.push(step(key(Schedule::Wide, Rows::One, false), (outputs / WIDE).div_ceil(WORKGROUP), [0; 3])?);
            }
            Kernel::Direct => {
                let aligned_store = outputs % 4 == 0 && aligned;
                let rows = if in_runs(site, format.four()) { Rows::Shifted } else { Rows::One };
                self.steps.push(step(key(Schedule::Direct, rows, aligned_store), outputs.div_ceil(4 * WORKGROUP), [0; 3])?);
            }
            Kernel::Tile => {
                let tile = Tile::of(&geometry.axes, format.four(), row.acc_bytes, limits);
                let across = width.output.div_ceil(tile.columns);
                let deep = geometry.axes[0].output;
                let planes = outputs / format.values() / (deep * height.output * width.output);
                let slices = planes * deep.div_ceil(tile.slices.max(1));
                let each = strip_rows(&tile, format.four(), height.output, u64::from(slices) * u64::from(across), limits);
                let down = if tile.one_row { height.output } else { height.output.div_ceil(each) };
                let strips = slices * across * down;
                let invocations = if tile.one_row { strips.div_ceil(each * STRIP_TURN) * STRIP_TURN } else { strips };
                let key = key(Schedule::Tile(tile), rows, width.output % 4 == 0 && aligned);
                let mut step = step(key, invocations.div_ceil(WORKGROUP), [strips, across, down])?;
                step.params.set_strips(each, strip_turn(&format, geometry, tile.columns, [across, down]));
                self.steps.push(step);
            }
            Kernel::Sort => {
                let taps = sort_taps(geometry).unwrap_or(SORT_TAPS[SORT_TAPS.len() - 1]);
                let key = key(Schedule::Sort(taps), Rows::One, false);
                self.steps.push(step(key, owners.div_ceil(WORKGROUP), [0; 3])?);
            }
            Kernel::Line => {}
            Kernel::Reduce => {
                let (key, teams) = if let Some(workgroup) = masked(site, self.kernel, emit == Emit::Saved) {
                    let key = key(Schedule::Masked(workgroup), Rows::One, false);
                    (PoolKey { walk: Walk::Mask, ..key }, MASKED_TEAMS)
                } else {
                    let (team, rows) = team_of(site, format.four());
                    (key(Schedule::Reduce(team), rows, false), WORKGROUP / team)
                };
                self.steps.push(step(key, owners.div_ceil(teams), [0; 3])?);
            }
            Kernel::TwoStage => {
                let sizes = TwoStages::new(geometry, row, outputs, &format);
                self.scratch_bytes = self.scratch_bytes.max(sizes.scratch_bytes);
                limits.check_bytes("scratch", self.scratch_bytes)?;
                let [parts, folding, merging] = [index(sizes.parts)?, index(sizes.folding)?, index(sizes.merging)?];
                let carries = index(sizes.accumulators)?;
                let [fold, merge] = two_stages(geometry.walk);
                // A partial accumulator is the same with and without indices wherever an op can have them.
                let own = if row.indices && emit == Emit::Values { Emit::Indices } else { emit };
                let fold = PoolKey { emit: own, ..key(fold, Rows::One, false) };
                for pass in 0..passes(row, emit == Emit::Saved) {
                    self.steps.push(step(fold, folding, [parts, pass, carries])?);
                    self.steps.push(step(key(merge, Rows::One, false), merging, [parts, pass, carries])?);
                }
            }
        }
        Ok(())
    }

    /// The steps of the line kernel, part after part of the planes as scratch holds their accumulators.
    fn fold_lines(&mut self, site: &Site<'_>, plain: PoolKey) -> Result<(), Error> {
        let Site { geometry, limits, shifts, .. } = *site;
        let (from_shift, to_shift) = (shifts.input, shifts.output | shifts.beside);
        let refused = |why| Error::unsupported(format!("kernel {}", Kernel::Line), why);
        let packed = plain.op.packed(plain.variant, plain.emit == Emit::Indices);
        let packed = packed.ok_or_else(|| refused(format!("{} does not go axis by axis", plain.op.row().name)))?;
        let parts = line_parts(geometry, packed, limits).map_err(refused)?;
        self.scratch_bytes = self.scratch_bytes.max(parts.scratch_bytes);
        let [input, output] = [&geometry.input, &geometry.output].map(|shape| shape.elements() as u64);
        let mut begin = 0;
        while begin < parts.planes {
            let each = parts.each.min(parts.planes - begin);
            let (mut left, mut from) = (0, begin * (input / parts.planes));
            for pass in line_passes(geometry, each, packed.shares, limits).unwrap_or_default() {
                let to = if pass.key.to_scratch { left } else { begin * (output / parts.planes) };
                let beside = if pass.key.turned || pass.key.along.is_some() { pass.axis.output } else { pass.row };
                let key = PoolKey {
                    schedule: Schedule::Line(pass.key),
                    rows: if (pass.row | from_shift) % 4 == 0 { Rows::Fours } else { Rows::One },
                    aligned_store: (beside | to_shift) % 4 == 0,
                    ..plain
                };
                let own = [index(pass.invocations())?, index(pass.columns())?, 0];
                let mut step = site.step(Role::Pool(key.plain_where_it_can_be()), index(line_groups(&pass))?, own)?;
                [step.params.line, step.params.line_window, step.params.line_places] = pass.words(index(from)?, index(to)?);
                self.steps.push(step);
                from = left;
                left += pass.left();
            }
            begin += each;
        }
        Ok(())
    }

    /// The steps that label every position with its cluster: weights, a lot and a choice for every seed, then assignments and moves.
    fn find_clusters(&mut self, found: &Found, site: &Site<'_>) -> Result<(), Error> {
        let Site { pooling, geometry, elements, limits, .. } = *site;
        let format = Format { output: Stored::F32, ..Format::reals(geometry, &elements) };
        let [rows, columns] = found.axes.map(|[size, cells]| Axis::whole(size, cells));
        let axes = [Axis::ABSENT, rows, columns];
        let Found { labels: Labels { images, .. }, channels, centroids, what, .. } = *found;
        let image = Geometry { axes, region_words: [channels, centroids, what, images], ..geometry.clone() };
        let positions = index(found.labels.count())?.div_ceil(WORKGROUP);
        let numbers = index(u64::from(images) * u64::from(centroids) * u64::from(found.numbers()))?;
        #[allow(clippy::cast_possible_truncation, reason = "the two words of a number")]
        let [low, high] = [found.seed as u32, (found.seed >> 32) as u32];
        let mut step = |step, groups, k| {
            let [across, down] = limits.grid(groups)?;
            let params = Params::new(&pooling.op, &image, &elements, 0, [across, k, low, high]);
            let key = KernelKey(Role::Digest(Digest::Clusters(step, pooling.activation, format)));
            self.steps.push(Step { key, params, workgroups: [across, down], slices: None, cost: 0 });
            Ok::<(), Error>(())
        };
        step(ClusterStep::Weigh, positions, 0)?;
        for k in 0..centroids {
            step(ClusterStep::Lot, positions, k)?;
            step(ClusterStep::Seed, images, k)?;
        }
        for _ in 0..found.iterations {
            step(ClusterStep::Assign, positions, 0)?;
            step(ClusterStep::Move, numbers, 0)?;
        }
        step(ClusterStep::Assign, positions, 0)
    }
}
