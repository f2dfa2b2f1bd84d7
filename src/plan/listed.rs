//! The kernels that every backend compiler must take: at most 2,000, in which any two of what makes a kernel meet.

use super::{
    BackKey, BackTo, ClusterStep, Digest, Emit, Format, KernelKey, Lanes, Limits, MipKey, PoolKey, Role, Rows, Schedule,
    Stored, Tile, UnpoolStep,
    choose::{listed_patches, listed_tiles, masked_workgroup},
    format::CHOOSE_AS_STORED,
    schedule::{Line, SORT_TAPS, TEAMS, two_stages},
};
use crate::{
    Activation, Element, OpKind, Texel,
    geometry::{Order, Walk},
    op::{OpRow, WeightingKind},
};

impl KernelKey {
    /// The keys that every backend compiler must take: all ops and variants in all regions by every schedule with a dynamic
    /// window, the two steps of `two_stage` in turn, with and without indices; the default set of specialised windows, dealt out to the ops; every activation
    /// with every op, the schedules in turn; and every type of elements with every op, orders and results in turn. Max comes with every such window, other ops
    /// with a few of them.
    #[must_use]
    pub fn listed() -> Vec<Self> {
        let pools = PoolKey::listed().into_iter().map(Role::Pool);
        let backs = BackKey::listed().into_iter().map(Role::Back);
        let digests = Digest::listed().into_iter().map(Role::Digest);
        let stored = Element::ALL.map(|element| Stored::reals(element, element.is_byte()));
        let mut all: Vec<Self> = pools
            .chain(backs)
            .chain(digests)
            .chain(UnpoolStep::listed().map(Role::Unpool))
            .chain(stored.into_iter().map(Role::Clear))
            .chain(stored.into_iter().filter(|stored| stored.per_word() > 1).map(Role::Narrow))
            .chain([Role::MergeSum])
            .chain(MipKey::listed().into_iter().map(Role::Mips))
            .map(Self)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl MipKey {
    fn listed() -> Vec<Self> {
        let pairs = [
            (Texel::Rgba8Unorm, Texel::Rgba8Unorm),
            (Texel::Rgba16Float, Texel::Rgba16Float),
            (Texel::R32Float, Texel::R32Float),
            (Texel::Depth32Float, Texel::R32Float),
        ];
        let mut keys = Vec::new();
        for (at, op) in [OpKind::Max, OpKind::Min, OpKind::Average].into_iter().enumerate() {
            for (own, (source, target)) in (0..).zip(pairs) {
                // Four levels and more, and fewer in turn.
                let fewer = 1 + (own + u32::try_from(at).unwrap_or(0)) % 3;
                let key = Self { op, source: Some(source), target, levels: 4, goes_on: true };
                let last = Self { levels: fewer, goes_on: false, ..key };
                keys.extend([key, last, Self { source: None, ..last }]);
            }
        }
        keys
    }
}

impl UnpoolStep {
    fn listed() -> impl Iterator<Item = Self> {
        let orders = [Order::ChannelsFirst, Order::ChannelsLast];
        let places = Format::listed().into_iter().filter(|format| !format.four() && !format.of_textures());
        let places = places.filter(|format| format.order != Order::DepthLast);
        let moving = move || places.clone().filter(|format| format.raw().is_none() || format.input == format.output);
        // Regions and formats in turn.
        let nearest =
            Self::SEPARABLE.into_iter().cycle().zip(moving().step_by(3)).map(|(walk, format)| Self::Nearest(walk, format));
        [Self::Clear].into_iter().chain(orders.map(Self::Mark)).chain(moving().step_by(2).map(Self::Place)).chain(nearest)
    }
}

impl Digest {
    fn listed() -> Vec<Self> {
        let clusters = [None, Some(Activation::Relu)];
        let formats = Format::listed().into_iter().filter(|f| !f.four() && f.raw().is_none() && !f.of_textures());
        let formats = formats.filter(|format| format.order != Order::DepthLast).map(|f| Format { output: Stored::F32, ..f });
        let mut formats = formats.cycle();
        let clusters = clusters.into_iter().flat_map(|activation| {
            ClusterStep::ALL.map(|step| Self::Clusters(step, activation, formats.next().unwrap_or(Format::PLAIN)))
        });
        let clusters: Vec<Self> =
            clusters.chain(ClusterStep::ALL.map(|step| Self::Clusters(step, None, Format::PLAIN))).collect();
        [Self::RoiPool, Self::RoiAlign, Self::LabelsCount, Self::LabelsScan, Self::LabelsScatter]
            .into_iter()
            .chain(clusters)
            .collect()
    }
}

impl PoolKey {
    fn listed() -> Vec<Self> {
        const ACTIVATIONS: [Activation; 4] = [Activation::Relu, Activation::LeakyRelu, Activation::Sigmoid, Activation::Tanh];
        let tiles = listed_tiles();
        let mut keys = Vec::new();
        let mut turn = 0;
        for row in OpKind::TABLE {
            let choices: &[Emit] = if row.indices { &[Emit::Values, Emit::Indices] } else { &[Emit::Values] };
            let own = choices[choices.len() - 1];
            for variant in 0..row.variants {
                let base = |walk, schedule, emit| Self {
                    op: row.kind,
                    variant,
                    walk,
                    weighting: if walk.takes(row.weighting) { row.weighting } else { WeightingKind::Position },
                    activation: None,
                    schedule,
                    format: Format::PLAIN,
                    rows: Rows::One,
                    aligned_store: false,
                    emit,
                };
                let positions = |walk: Walk| row.kind == OpKind::Weighted && walk.takes(WeightingKind::Position);
                let takes = |walk: &Walk| (walk.takes(row.weighting) || positions(*walk)) && walk.has_blocks_for(row.kind);
                for walk in Walk::ALL.into_iter().filter(takes) {
                    let [partial, merge] = two_stages(walk);
                    // For one op these walks and for the next those, so that any two still meet.
                    let turned = (row.kind as usize + walk as usize).is_multiple_of(2);
                    // The two steps in turn: an op's fold is the same text in both.
                    keys.push(if turned { base(walk, partial, own) } else { base(walk, merge, choices[turn % choices.len()]) });
                    if walk == Walk::RoiAlign {
                        let format = Format { lanes: Lanes::Planes, ..Format::PLAIN };
                        keys.push(Self { format, ..base(walk, Schedule::Direct, Emit::Values) });
                    }
                    if walk.in_runs() && keys.len() % 4 == 0 {
                        keys.push(Self { rows: Rows::Shifted, ..base(walk, Schedule::Direct, own) });
                    }
                    for &emit in choices {
                        keys.push(base(walk, Schedule::Direct, emit));
                        // What is stored does not depend on how it was found: every fourth walk will do.
                        turn += 1;
                        if turn % 4 == 0 {
                            keys.push(Self { aligned_store: true, ..base(walk, Schedule::Direct, emit) });
                        }
                    }
                    // Neither does how a region is walked on how many walk it.
                    if turned {
                        // Teams in turn, too; the smallest only reads fours.
                        let team = TEAMS[turn / 2 % TEAMS.len()];
                        let shifted = walk.in_runs() && (team == TEAMS[0] || turn % 3 == 0);
                        let (team, rows) = if shifted { (team, Rows::Shifted) } else { (team.max(TEAMS[1]), Rows::One) };
                        keys.push(Self { rows, ..base(walk, Schedule::Reduce(team), choices[turn % choices.len()]) });
                    }
                }
                if row.shareable && row.passes == 1 && row.weighting == WeightingKind::One {
                    turn += 1;
                    let lanes = if turn % 2 == 0 { Lanes::Neighbours } else { Lanes::One };
                    let format = Format { lanes, ..Format::PLAIN };
                    let masked = masked_workgroup(row, &Limits::WEBGPU).map(Schedule::Masked);
                    keys.extend(masked.map(|masked| Self { format, ..base(Walk::Mask, masked, Emit::Values) }));
                }
                if row.saved_bytes > 0 {
                    // Schedules and walks in turn; what is saved depends on neither.
                    let walks: Vec<Walk> = Walk::ALL.into_iter().filter(takes).collect();
                    for at in 0..3 {
                        turn += 1;
                        let walk = walks[turn % walks.len()];
                        let schedule = [Schedule::Direct, Schedule::Reduce(TEAMS[1 + at % 2]), two_stages(walk)[1]][at];
                        keys.push(base(walk, schedule, Emit::Saved));
                    }
                }
                if row.saved_bytes > 0 && row.shareable {
                    let (tile, rows) = tiles[turn % tiles.len()];
                    let saves = base(Walk::Window, Schedule::Tile(tile), Emit::Saved);
                    let aligned_store = row.saved_bytes == 4;
                    keys.push(Self { rows, aligned_store, ..saves });
                }
                if row.sorts {
                    keys.push(base(Walk::Window, Schedule::Sort(SORT_TAPS[turn % SORT_TAPS.len()]), Emit::Saved));
                    for walk in Walk::ALL {
                        turn += 1;
                        keys.push(base(walk, Schedule::Sort(SORT_TAPS[turn % SORT_TAPS.len()]), Emit::Values));
                    }
                    keys.extend(SORT_TAPS.map(|taps| base(Walk::Window, Schedule::Sort(taps), Emit::Values)));
                }
                for activation in ACTIVATIONS.map(Some) {
                    let walks: Vec<Walk> = Walk::ALL.into_iter().filter(takes).collect();
                    let walk = walks[turn % walks.len()];
                    turn += 1;
                    let schedule = [Schedule::Direct, Schedule::Reduce(TEAMS[1 + turn / 3 % 2]), two_stages(walk)[0]][turn % 3];
                    keys.push(Self { activation, ..base(walk, schedule, own) });
                    if row.shareable && turn % 2 == 0 {
                        let (tile, rows) = tiles[turn % tiles.len()];
                        let key = base(Walk::Window, Schedule::Tile(tile), own);
                        keys.push(Self { activation, rows, ..key });
                    }
                }
                if row.shareable {
                    for (at, &(tile, rows)) in tiles.iter().enumerate() {
                        for &emit in choices {
                            for aligned_store in [false, true] {
                                // Max, which networks use most, with every tile; the others in turn.
                                turn += 1;
                                if row.kind == OpKind::Max && emit == own && aligned_store || (at + turn) % 40 == 0 {
                                    let key = base(Walk::Window, Schedule::Tile(tile), emit);
                                    keys.push(Self { rows, aligned_store, ..key });
                                }
                            }
                        }
                    }
                }
                if row.kind.packed(variant, false).is_some() {
                    // Of every op every step; what outputs share, orders and alignments in turn.
                    for (at, line) in Line::listed(turn).into_iter().enumerate() {
                        turn += 1;
                        let line = if row.shareable {
                            line
                        } else {
                            Line { block: Line::ALONE.block, shared: None, along: None, ..line }
                        };
                        let first = line.turned || line.along.is_some() || turn % 3 > 0;
                        let order = if first { Order::ChannelsFirst } else { Order::ChannelsLast };
                        let format = Format { order, ..Format::PLAIN };
                        let rows = if turn % 2 == 0 { Rows::Fours } else { Rows::One };
                        let aligned_store = (turn / 2 + at) % 2 == 0;
                        let key = base(Walk::Window, Schedule::Line(line), choices[(turn + at) % choices.len()]);
                        let key = Self { format, rows, aligned_store, ..key };
                        keys.push(key.plain_where_it_can_be());
                    }
                }
                // Of every op every type; orders, results, regions and schedules in turn.
                let texture = Stored::Texture(Texel::ALL[turn % Texel::ALL.len()]);
                for (at, input) in Stored::INPUTS.into_iter().chain([texture]).enumerate() {
                    let of_input = Format::listed().into_iter().filter(|format| format.input == input);
                    let formats: Vec<Format> = of_input.filter(|format| format.suits(row)).collect();
                    let Some(&format) = formats.get((turn + at) % formats.len().max(1)) else { continue };
                    let walks: Vec<Walk> = Walk::ALL.into_iter().filter(|walk| takes(walk) && format.reads(*walk)).collect();
                    let Some(&walk) = walks.get((turn + at) % walks.len().max(1)) else { continue };
                    let schedules = format.schedules(row, walk, tiles[turn % tiles.len()].0);
                    let schedule = schedules[(turn + at) % schedules.len()];
                    turn += 1;
                    let emit = if walk.has_indices() { choices[turn % choices.len()] } else { Emit::Values };
                    keys.push(Self { format, ..base(walk, schedule, emit) }.plain_where_it_can_be());
                }
            }
        }
        keys
    }
}

impl Line {
    /// Every way from and to, with what outputs share in turn.
    fn listed(turn: usize) -> Vec<Self> {
        const SHARED: [(u32, Option<u32>); 8] =
            [(8, Some(1)), (4, None), (16, Some(1)), (8, Some(2)), (4, Some(1)), (4, Some(2)), (4, Some(3)), (4, Some(4))];
        let ways = [
            (false, false, false),
            (false, true, false),
            (false, true, true),
            (true, true, false),
            (true, true, true),
            (true, false, false),
            (true, false, true),
        ];
        let line = |(at, (from_scratch, to_scratch, turned)): (usize, (bool, bool, bool))| {
            let (block, shared) = SHARED[(turn + 3 * at) % SHARED.len()];
            // Last steps along rows, in turn with those across them.
            let leads = [0, 2].map(|shift| (u32::try_from(turn).unwrap_or(0) >> shift) % 4);
            let along = (!to_scratch && !turned && shared == Some(1)).then_some(leads);
            Self { block, shared, from_scratch, to_scratch, turned, along }
        };
        ways.into_iter().enumerate().map(line).collect()
    }
}

impl BackKey {
    fn listed() -> Vec<Self> {
        const ACTIVATIONS: [Option<Activation>; 5] =
            [None, Some(Activation::Relu), Some(Activation::LeakyRelu), Some(Activation::Sigmoid), Some(Activation::Tanh)];
        let mut keys = Vec::new();
        let patches = listed_patches();
        for row in OpKind::TABLE {
            for variant in 0..row.variants {
                for walk in Walk::ALL {
                    for weighting in [row.weighting, WeightingKind::Position] {
                        let own = weighting == row.weighting || row.kind == OpKind::Weighted;
                        if own && walk.takes(weighting) && walk.has_blocks_for(row.kind) {
                            // Activations in turn.
                            let activation = ACTIVATIONS[keys.len() % ACTIVATIONS.len()];
                            let (format, ahead) = (Format::PLAIN, Element::F32);
                            let (to, patch) = (BackTo::Input, None);
                            let key = Self { op: row.kind, variant, walk, weighting, activation, format, ahead, to, patch };
                            keys.push(key);
                            // Every type with every op; orders and gradients' types in turn.
                            let own: Vec<Format> = Format::listed()
                                .into_iter()
                                .filter(|f| !f.four() && f.raw().is_none() && !f.of_textures())
                                .collect();
                            let of_walk: Vec<Format> = own.into_iter().filter(|format| format.reads(walk)).collect();
                            if !of_walk.is_empty() && keys.len() % 8 == 0 {
                                let format = of_walk[keys.len() / 8 % of_walk.len()].of_gradients();
                                let ahead = match format.output {
                                    Stored::Words(element) => element,
                                    _ => Element::F32,
                                };
                                keys.push(Self { format, ahead, ..key });
                                if ahead != Element::F32 && walk != Walk::List {
                                    keys.push(Self { format: Format { output: Stored::Sums, ..format }, ahead, ..key });
                                }
                            }
                            if walk == Walk::Window && weighting == WeightingKind::One {
                                // Patches in turn, with every op; activations and types in turn with them.
                                for at in 0..5 {
                                    let patch = patches[keys.len() % patches.len()];
                                    let format = formats_of_patches()[(at + keys.len() / 5) % 4];
                                    let ahead = format.output.fields().unwrap_or(Element::F32);
                                    let activation = ACTIVATIONS[(at + keys.len() / 3) % ACTIVATIONS.len()];
                                    keys.push(Self { activation, format, ahead, patch: Some(patch), ..key });
                                }
                            }
                            let detects = matches!(row.kind, OpKind::ProbabilisticMax | OpKind::ProbabilisticMaxSample);
                            if detects {
                                keys.push(Self { to: BackTo::Detection, ..key });
                            }
                            let spreads = matches!(row.kind, OpKind::Average | OpKind::Gaussian);
                            if spreads && UnpoolStep::SEPARABLE.contains(&walk) {
                                keys.push(Self { to: BackTo::Spread, activation: None, ..key });
                            }
                            if weighting == WeightingKind::Table || row.kind == OpKind::Gem {
                                keys.push(Self { to: BackTo::Parameters, ..key });
                            }
                        }
                    }
                }
            }
        }
        keys
    }
}

/// The element types of gathers by patches: floats in and out, and whole numbers, whose gradients are f32.
fn formats_of_patches() -> [Format; 4] {
    let narrow = |element| Format { input: Stored::Words(element), output: Stored::Words(element), ..Format::PLAIN };
    let whole = Format { input: Stored::Quantised(Element::U8), ..Format::PLAIN };
    [Format::PLAIN, narrow(Element::F16), narrow(Element::Bf16), whole]
}

impl Stored {
    /// What an input may be.
    const INPUTS: [Self; 13] = [
        Self::F32,
        Self::Words(Element::F16),
        Self::Words(Element::Bf16),
        Self::Words(Element::U8),
        Self::Words(Element::I8),
        Self::Words(Element::I32),
        Self::Quantised(Element::U8),
        Self::Quantised(Element::I8),
        Self::Raw(Element::F16),
        Self::Raw(Element::Bf16),
        Self::Raw(Element::U8),
        Self::Raw(Element::I8),
        Self::Raw(Element::I32),
    ];
}

impl Format {
    /// A pairwise cover: every order with every type in and out, alone and by four channels where there are such kernels.
    fn listed() -> Vec<Self> {
        let mut formats = Vec::new();
        for (order, lanes) in [
            (Order::ChannelsFirst, Lanes::One),
            (Order::ChannelsLast, Lanes::One),
            (Order::ChannelsLast, Lanes::Neighbours),
            (Order::ChannelsFirst, Lanes::Neighbours),
            (Order::DepthLast, Lanes::One),
            (Order::ChannelsFirst, Lanes::Planes),
        ] {
            for input in Stored::INPUTS {
                if lanes != Lanes::Planes || input == Stored::F32 {
                    formats.push(Self { order, lanes, input, output: input });
                }
                let to_f32 = matches!(input, Stored::Words(_) | Stored::Quantised(_) | Stored::Raw(Element::I32));
                if to_f32 {
                    formats.push(Self { order, lanes, input, output: Stored::F32 });
                }
            }
        }
        // Textures: every format in and out, and one beside a buffer.
        let (f32, half, byte) = (Stored::Texture(Texel::R32Float), Texel::Rgba16Float, Texel::Rgba8Unorm);
        for (four, input, output) in [
            (false, f32, f32),
            (false, Stored::Texture(Texel::Depth32Float), f32),
            (false, Stored::F32, f32),
            (true, Stored::Texture(half), Stored::Texture(half)),
            (true, Stored::Texture(byte), Stored::Texture(byte)),
            (true, Stored::Texture(byte), Stored::F32),
            (true, Stored::Words(Element::U8), Stored::Texture(byte)),
        ] {
            let (order, lanes) =
                if four { (Order::ChannelsLast, Lanes::Neighbours) } else { (Order::ChannelsFirst, Lanes::One) };
            formats.push(Self { order, lanes, input, output });
        }
        formats
    }

    /// Whether kernels of an op may have it.
    fn suits(&self, row: &OpRow) -> bool {
        let wraps = row.kind == OpKind::Sum && [self.input, self.output] == [Stored::Raw(Element::I32); 2];
        self.raw().is_none() || CHOOSE_AS_STORED.contains(&row.kind) || wraps
    }

    /// Whether it has textures.
    fn of_textures(&self) -> bool {
        [self.input, self.output].iter().any(|stored| matches!(stored, Stored::Texture(_)))
    }

    /// Whether kernels of a region may have it.
    fn reads(&self, walk: Walk) -> bool {
        match (self.order, self.lanes) {
            (Order::DepthLast, _) => matches!(walk, Walk::Window | Walk::List),
            (_, Lanes::Planes) => self.raw().is_none() && walk == Walk::RoiAlign,
            (Order::ChannelsFirst, Lanes::Neighbours) => walk == Walk::List,
            _ => !(self.raw().is_some() && walk == Walk::RoiAlign),
        }
    }

    /// The schedules that may have it; where tiles may, this one.
    fn schedules(&self, row: &OpRow, walk: Walk, tile: Tile) -> Vec<Schedule> {
        if self.lanes == Lanes::Planes {
            return vec![Schedule::Direct];
        }
        let mut schedules = vec![Schedule::Direct, Schedule::Reduce(TEAMS[usize::from(!self.four()) + 1])];
        if walk != Walk::List || !self.four() {
            schedules.extend(two_stages(walk));
        } else if row.passes == 1 && self.order == Order::ChannelsFirst {
            schedules.push(Schedule::Wide);
        }
        if walk == Walk::Window && row.shareable && row.passes == 1 {
            match (self.order, self.four()) {
                (Order::ChannelsFirst, _) => schedules.push(Schedule::Tile(tile)),
                (_, true) => schedules.push(Schedule::Tile(tile.of_channels())),
                _ => {}
            }
        }
        if walk == Walk::Window && row.kind.packed(0, false).is_some() && self.order != Order::DepthLast {
            let shared = Line { block: 8, shared: Some(1), ..Line::ALONE };
            schedules.push(Schedule::Line(if row.shareable { shared } else { Line::ALONE }));
        }
        if row.sorts && !self.four() {
            schedules.push(Schedule::Sort(SORT_TAPS[0]));
        }
        schedules
    }

    /// The same on the way back, where gradients are floats.
    fn of_gradients(self) -> Self {
        let narrow = matches!(self.output, Stored::Words(Element::F16 | Element::Bf16));
        Self { output: if narrow { self.output } else { Stored::F32 }, ..self }
    }
}
