//! The choice of a kernel: what each takes, and from where on each pays.

use super::{
    Format, Kernel, Limits, Patch, Request, Rows, Site, Specialise, Tile, WORD, WORKGROUP,
    format::divides_by_four,
    index,
    line::{line_cost, line_parts, separates},
    schedule::{MASKED, MASKED_TEAMS, SORT_TAPS, STRIP_TURN, TEAMS, WIDE},
};
use crate::{
    Error,
    geometry::{Axis, Geometry, Order, Side, Walk},
    op::{OpRow, WeightingKind},
};

/// Taps from which a region is worth a whole workgroup.
const REDUCE_TAPS: u64 = 512;
/// Taps from which a region is worth a team where there are too few regions to keep a device busy one by one.
const TEAM_TAPS: u64 = 32;
/// Taps that one workgroup folds before a second stage pays, where there are too few outputs to fill a device.
const STAGE_TAPS: u64 = 32 << 10;
/// Workgroups that fill a device, roughly.
const ENOUGH_WORKGROUPS: u64 = 256;
/// Loop turns that one invocation of the direct kernel may make for each of its four outputs. Mesa's software rasteriser leaves all
/// loops silently once an invocation has made 65,535 turns in all; measured, a row of one column costs six and a slice four more.
const DIRECT_MOST_TURNS: u64 = 16_000;
/// Taps that one workgroup may fold, for the same reason; and because an invocation chains its blocks, so that more of them
/// would cost a sum its accuracy.
const REDUCE_MOST_TAPS: u64 = 1 << 19;
/// Slices in depth that a tile may walk, for the same reason.
const TILE_MOST_SLICES: u64 = 16;
/// Values of one input row that a tile may hold in registers, and rows of outputs that may be under way, before compilers spill or take seconds.
const TILE_SPAN: u64 = 24;
const TILE_LIVE: u64 = 16;
/// Rows of outputs in a tile's strip, at most; and strips of one row that an invocation takes.
const STRIP_ROWS: u32 = 32;
const STRIPS: u32 = 32;

/// How often a fold sees its taps: once more where an op that chooses by order must also find the tap.
pub(super) fn passes(row: &OpRow, saves: bool) -> u32 {
    row.passes + u32::from(saves && row.passes > 1)
}

/// The kernel that folds the regions, to values or to what the way back saves.
pub(super) fn choose_kernel(site: &Site<'_>, request: &Request, saves: bool) -> Result<Kernel, Error> {
    let Site { pooling, geometry, elements, limits, .. } = *site;
    let taps = geometry.most_taps();
    let outputs = geometry.output.elements() as u64;
    let row = pooling.op.kind().row();
    // An op of several passes walks its region as often.
    let passes = u64::from(passes(row, saves));
    let [walk, turns] = [taps, geometry.most_turns()].map(|once| once.saturating_mul(passes));
    let most = |what: &str, asked: u64, most: u64| match asked {
        _ if asked <= most => Ok(()),
        _ if passes == 1 => Err(format!("a region may take {asked} {what}; {most} is the most")),
        _ => Err(format!("a region may take {asked} {what}, since {} walks it {passes} times; {most} is the most", row.name)),
    };
    let fits = |kernel| match kernel {
        Kernel::Direct => most("loop turns", turns, DIRECT_MOST_TURNS),
        Kernel::Tile => tile_fits(site, request.kernel.map_or(request.specialise, |_| Specialise::Any), saves),
        Kernel::Reduce => most("taps", walk, REDUCE_MOST_TAPS),
        Kernel::TwoStage => Ok(()),
        Kernel::Sort if elements.target.is_some_and(|texel| texel.channels() > 1) => {
            Err("it stores one channel at a time, and the texture has four".into())
        }
        Kernel::Sort if !row.sorts => Err(format!("it sorts, and {} chooses nothing by order", row.name)),
        Kernel::Sort if sort_taps(geometry).is_none() => {
            Err(format!("a region may take {taps} taps; {} fit in registers", SORT_TAPS[SORT_TAPS.len() - 1]))
        }
        Kernel::Sort => Ok(()),
        Kernel::Line if saves => Err("it keeps values only, and the way back wants more".into()),
        Kernel::Line => line_fits(site, request.indices),
    };
    // Whether the accumulators of two stages fit a binding.
    let staged = index(outputs)
        .is_ok_and(|outputs| TwoStages::new(geometry, row, outputs, &Format::PLAIN).scratch_bytes <= limits.binding_bytes);
    // Segments may be of any size; a sequence's tokens are most of its positions.
    let uneven = geometry.side.and_then(Side::labels).is_some_and(|labels| labels.segments > 1);
    // How many taps boxes have is only known as a bound.
    let boxes = matches!(geometry.side, Some(Side::Boxes(_)));
    let few = !limits.software && !boxes && taps >= TEAM_TAPS && outputs / 4 < u64::from(limits.invocations_to_fill / 8);
    let large = turns > DIRECT_MOST_TURNS || taps >= REDUCE_TAPS && taps * 4 > outputs;
    let kernel = if let Some(kernel) = request.kernel {
        kernel
    } else if fits(Kernel::Sort).is_ok() {
        Kernel::Sort
    } else if uneven && staged || walk > REDUCE_MOST_TAPS || passes == 1 && taps >= STAGE_TAPS && outputs < ENOUGH_WORKGROUPS {
        Kernel::TwoStage
    } else if fits(Kernel::Line).is_ok() && line_pays(geometry, row, !large && fits(Kernel::Tile).is_ok(), limits) {
        Kernel::Line
    } else if uneven || large {
        Kernel::Reduce
    } else if fits(Kernel::Tile).is_ok() {
        Kernel::Tile
    } else if few && fits(Kernel::Reduce).is_ok() {
        Kernel::Reduce
    } else {
        Kernel::Direct
    };
    match fits(kernel) {
        Ok(()) => Ok(kernel),
        Err(why) => Err(Error::unsupported(format!("kernel {kernel}"), why)),
    }
}

/// The smallest sorting network that holds every region's taps.
pub(super) fn sort_taps(geometry: &Geometry) -> Option<u32> {
    SORT_TAPS.into_iter().find(|&taps| geometry.most_taps() <= u64::from(taps))
}

/// Whether the tile kernel can run this, or why not.
fn tile_fits(site: &Site<'_>, specialise: Specialise, saves: bool) -> Result<(), String> {
    let Site { pooling, geometry, elements, .. } = site;
    let row = pooling.op.kind().row();
    if geometry.walk != Walk::Window {
        return Err(format!("it takes windows, not {} regions", geometry.walk.name()));
    }
    if !row.shareable || row.passes > 1 {
        return Err(format!("outputs cannot share partial folds of {}", row.name));
    }
    // The way back looks at one value at a time.
    let fours = !saves && divides_by_four(geometry);
    if geometry.order != Order::ChannelsFirst && saves {
        return Err("it saves what the way back must know with channels first only".into());
    }
    if geometry.order != Order::ChannelsFirst && !fours {
        return Err("it takes channels last by four, and they are no multiple".into());
    }
    let [depth, _, width] = &geometry.axes;
    let word = if saves { 1 } else { elements.output.per_word() };
    if !fours && width.output % word != 0 {
        let (element, columns) = (elements.output, width.output);
        return Err(format!("it stores whole words of {word} {element}, and rows have {columns} outputs"));
    }
    let slices = depth.most_taps(geometry.walk);
    if slices > TILE_MOST_SLICES {
        return Err(format!("a window may span {slices} slices in depth; it takes {TILE_MOST_SLICES} at most"));
    }
    let tile = Tile::of(&geometry.axes, fours, row.acc_bytes, site.limits);
    let (live, span) = (tile.live(), tile.span());
    if live > TILE_LIVE || span > TILE_SPAN {
        return Err(format!(
            "a tile would hold {live} rows of outputs and {span} columns; {TILE_LIVE} and {TILE_SPAN} fit in registers"
        ));
    }
    match specialise {
        Specialise::Any => Ok(()),
        Specialise::Listed if is_listed(tile.kernel, tile.stride, tile.dilation) => Ok(()),
        Specialise::Listed => Err("the window is not among those specialised by default".into()),
        Specialise::Never => Err("specialised windows are switched off".into()),
    }
}

/// Whether the line kernel can run this, or why not.
fn line_fits(site: &Site<'_>, indices: bool) -> Result<(), String> {
    let Site { pooling, geometry, elements, limits, .. } = site;
    let row = pooling.op.kind().row();
    if geometry.walk != Walk::Window {
        return Err(format!("it takes windows, not {} regions", geometry.walk.name()));
    }
    let Some(packed) = row.kind.packed(pooling.op.variant(), indices) else {
        return Err(format!("{} does not go axis by axis", row.name));
    };
    if pooling.op.weighting() == WeightingKind::Gaussian {
        separates(geometry, pooling.op.weighting_parameters()[0])?;
    }
    let word = elements.output.per_word();
    let last = match geometry.order {
        Order::ChannelsLast => u32::try_from(geometry.output.channels()).unwrap_or(u32::MAX),
        Order::ChannelsFirst | Order::DepthLast => geometry.axes[2].output,
    };
    if last % word != 0 {
        return Err(format!("it stores whole words of {word} {}, and rows have {last} of them", elements.output));
    }
    line_parts(geometry, packed, limits).map(|_| ())
}

/// Whether the line kernel costs less than tile, or where tiles are not to be had than a walk of every region, in tenths of a tap that direct walks. By what was
/// measured on lavapipe, that tap takes 0.45 ns an output; a push or a merge of tile 0.27 ns, and what else it does 0.9 ns; a step of lines, apart from its taps,
/// 1 ns; one more dispatch 50 µs.
fn line_pays(geometry: &Geometry, row: &OpRow, tiles: bool, limits: &Limits) -> bool {
    const DISPATCH: u64 = 1_000_000;
    const REGION: u64 = 8;
    let outputs = geometry.output.elements() as u64;
    let [depth, height, width] = geometry.axes.map(|axis| [axis.kernel, axis.stride].map(u64::from));
    let each = if tiles {
        let folds = height[1].saturating_mul(width[0]).saturating_mul(depth[0]);
        folds.saturating_add(height[0]).saturating_mul(6).saturating_add(20)
    } else {
        geometry.most_taps().saturating_add(REGION).saturating_mul(10)
    };
    // Estimates this rough want a margin.
    line_cost(geometry, row.shareable, limits).is_some_and(|[cost, steps]| {
        let lines = cost.saturating_add(DISPATCH * (steps - 1));
        lines.saturating_mul(4) < each.saturating_mul(outputs).saturating_mul(3)
    })
}

/// The windows, as kernel size and stride on height and width, that are specialised by default.
fn listed_windows() -> impl Iterator<Item = ([u32; 2], [u32; 2])> {
    const SIDES: [(u32, u32); 7] = [(2, 2), (2, 1), (3, 2), (3, 1), (5, 1), (9, 1), (13, 1)];
    // Windows over channels leave positions alone: 1×1.
    let alone = ([1, 1], [1, 1]);
    std::iter::once(alone)
        .chain(SIDES.into_iter().flat_map(|(kernel, stride)| [([kernel; 2], [stride; 2]), ([1, kernel], [1, stride])]))
}

/// Rows of outputs that one invocation of the tile kernel walks down, or strips of one row that it takes: as many as leave enough invocations to fill the
/// device, since neighbouring rows share input rows and the place is found once.
pub(super) fn strip_rows(tile: &Tile, four: bool, rows: u32, strips_of_one_row: u64, limits: &Limits) -> u32 {
    let enough = u64::from(rows) * strips_of_one_row / u64::from(limits.invocations_to_fill.max(1));
    let at_most = |most| u32::try_from(enough).unwrap_or(u32::MAX).clamp(1, most);
    if tile.one_row {
        return at_most(STRIPS);
    }
    let most = at_most(if four { 2 } else { STRIP_ROWS }).min(rows.max(1));
    // As even as can be.
    rows.div_ceil(rows.div_ceil(most).max(1)).max(1)
}

/// How far the next strip of one row is that an invocation takes, [`STRIP_TURN`] on: in channels, columns, rows and slices.
pub(super) fn strip_turn(format: &Format, geometry: &Geometry, columns: u32, [across, down]: [u32; 2]) -> [u32; 4] {
    let values = format.values();
    let fours = if format.four() { u32::try_from(geometry.channels).unwrap_or(u32::MAX) / values } else { 1 };
    let mut left = STRIP_TURN;
    let mut digit = |size: u32| {
        let digit = left % size.max(1);
        left /= size.max(1);
        digit
    };
    let [channel, column, row] = [fours, across, down].map(&mut digit);
    [channel * values, column * columns, row, left]
}

/// Whether the taps of a row lie side by side in memory and are enough to read four at a time from the first multiple of four on.
pub(super) fn in_runs(site: &Site<'_>, four: bool) -> bool {
    const ENOUGH_TAPS: u64 = 12;
    let geometry = site.geometry;
    let [_, _, width] = &geometry.axes;
    let whole_fours = site.whole_fours && geometry.order == Order::ChannelsFirst && !four;
    let side_by_side = geometry.walk.in_runs() && (geometry.walk != Walk::Window || width.dilation == 1);
    side_by_side && whole_fours && width.most_taps(geometry.walk) >= ENOUGH_TAPS
}

/// Invocations that fold one region together, and how they read it: four taps at a time where rows are long enough to give every one some. On an H200 four are best
/// for planes of 7×7 (3.8 µs; 8: 4.2, 16: 5.3), which are 13 fours.
pub(super) fn team_of(site: &Site<'_>, four: bool) -> (u32, Rows) {
    let [few, more, all] = TEAMS;
    let taps = site.geometry.most_taps();
    let [_, _, width] = &site.geometry.axes;
    let fours = in_runs(site, four) && site.elements.source.is_none();
    let long = |team| fours && width.most_taps(site.geometry.walk) >= 3 * u64::from(team);
    let team = match taps {
        REDUCE_TAPS.. => all,
        _ if taps <= 16 * 3 * u64::from(few) && long(few) => few,
        _ => more,
    };
    (team, if long(team) { Rows::Shifted } else { Rows::One })
}

/// The largest workgroup of the masked schedule that a device takes.
pub(super) fn masked_workgroup(row: &OpRow, limits: &Limits) -> Option<u32> {
    // Accumulators of four lanes, and a count each.
    let fits = |workgroup: u32| {
        let bytes = (4 * row.acc_bytes + WORD) * u64::from(workgroup);
        bytes <= u64::from(limits.workgroup_bytes) && workgroup <= limits.invocations_per_workgroup
    };
    MASKED.into_iter().rev().find(|&workgroup| fits(workgroup))
}

/// The workgroup of the kernel that finds the tokens of a sequence in the mask itself, so that no list of them is made; `None` where that cannot be.
pub(super) fn masked(site: &Site<'_>, kernel: Kernel, saves: bool) -> Option<u32> {
    let Site { pooling, geometry, limits, .. } = site;
    let row = pooling.op.kind().row();
    let one_segment = matches!(geometry.side, Some(Side::Labels(labels)) if labels.segments == 1);
    let plain = row.shareable && row.passes == 1 && pooling.op.weighting() == WeightingKind::One;
    let suits = kernel == Kernel::Reduce && geometry.walk == Walk::List && one_segment && plain && !saves;
    // No member is to fold more than one of a team of a whole workgroup would.
    let tokens = geometry.most_taps().saturating_mul(site.elements.output.per_word().into());
    let most = |workgroup: u32| REDUCE_MOST_TAPS * u64::from(workgroup / MASKED_TEAMS) / u64::from(WORKGROUP);
    masked_workgroup(row, limits).filter(|&workgroup| suits && tokens <= most(workgroup))
}

/// Whether lists of features are folded sixteen columns at a time: where so many lie side by side, and enough invocations are left.
pub(super) fn is_wide(geometry: &Geometry, row: &OpRow, format: &Format, limits: &Limits) -> bool {
    let columns = &geometry.axes[2];
    let enough = geometry.output.elements() as u64 / u64::from(WIDE) * 4 >= u64::from(limits.invocations_to_fill);
    geometry.walk == Walk::List && format.four() && columns.output.is_multiple_of(WIDE) && row.passes == 1 && enough
}

/// Whether windows of this size are among them.
pub(super) fn is_listed(kernel: [u32; 2], stride: [u32; 2], dilation: [u32; 2]) -> bool {
    dilation == [1, 1] && listed_windows().any(|listed| listed == (kernel, stride))
}

/// Tiles that the default set of windows makes, and how their rows are read: every window with every usual padding and every way to read; other paddings, columns
/// and where windows stick out in turn.
pub(super) fn listed_tiles() -> Vec<(Tile, Rows)> {
    let mut tiles = Vec::new();
    for (kernel, stride) in listed_windows() {
        for padding in (0..kernel[1].min(4)).chain((kernel[1] > 7).then_some(kernel[1] / 2)) {
            let usual = padding == 0 || padding == kernel[1] / 2;
            let all = tiles.len();
            for rows in if usual { Rows::ALL.to_vec() } else { vec![Rows::ALL[all % 3]] } {
                let turn = tiles.len();
                tiles.push((Tile::listed(kernel, stride, padding, turn), rows));
            }
        }
    }
    tiles
}

/// The patches that the default set of windows makes, as far as they fit, with the usual padding; rows that are whole fours and others, and depth, in turn.
pub(super) fn listed_patches() -> Vec<Patch> {
    let windows = listed_windows().zip(0_u32..);
    let patches = windows.flat_map(|((kernel, stride), at)| {
        (0..3).map(move |own| {
            let [height, width] = [0, 1].map(|axis| Axis {
                kernel: kernel[axis],
                stride: stride[axis],
                pad_begin: if own == 0 { 0 } else { kernel[axis] / 2 },
                ..Axis::ABSENT
            });
            let by_four = (at + own) % 4;
            let patch = Patch::of(&[Axis::ABSENT, height, width]);
            Patch { outputs_by_four: by_four % 2 == 0, inputs_by_four: by_four / 2 == 0, flat: (at + own) % 3 > 0, ..patch }
        })
    });
    patches.filter(Patch::fits).collect()
}

/// Parts that a region is split into: enough workgroups for a device, none with too little or too much to do.
pub(super) fn parts(taps: u64, outputs: u32) -> u32 {
    let to_fill = ENOUGH_WORKGROUPS.div_ceil(u64::from(outputs.max(1)));
    let most = taps.div_ceil(u64::from(WORKGROUP) * 16);
    let least = taps.div_ceil(u64::from(WORKGROUP) * 1024);
    u32::try_from(to_fill.min(most).max(least).max(2)).unwrap_or(u32::MAX)
}

/// The sizes of a fold in two stages.
pub(super) struct TwoStages {
    /// Accumulators in scratch.
    pub(super) accumulators: u64,
    /// Parts of a region, or of an image's segments together.
    pub(super) parts: u64,
    /// Workgroups of the step that folds.
    pub(super) folding: u64,
    /// Workgroups of the step that merges.
    pub(super) merging: u64,
    /// Bytes of the accumulators, and of the carries between passes where there are several.
    pub(super) scratch_bytes: u64,
}

impl TwoStages {
    pub(super) fn new(geometry: &Geometry, row: &OpRow, outputs: u32, format: &Format) -> Self {
        let lanes = u64::from(format.values());
        let outputs = u64::from(outputs) / lanes;
        let owners = outputs.div_ceil(format.group().into());
        let (accumulators, parts, folding, merging) = match geometry.side.and_then(Side::labels) {
            Some(labels) => {
                // One invocation a part and column, then one a word of outputs.
                let columns = u64::from(geometry.axes[2].output);
                let planes = outputs / columns / u64::from(labels.segments);
                let accumulators = planes.saturating_mul(labels.most_parts()).saturating_mul(columns);
                let [folding, merging] = [accumulators, owners].map(|invocations| invocations.div_ceil(WORKGROUP.into()));
                (accumulators, labels.most_parts(), folding, merging)
            }
            None => {
                let parts = u64::from(parts(geometry.most_taps(), u32::try_from(outputs).unwrap_or(u32::MAX)));
                (outputs * parts, parts, outputs * parts, owners)
            }
        };
        let carries = if row.passes > 1 { outputs } else { 0 };
        let scratch_bytes = accumulators.saturating_add(carries).saturating_mul(row.acc_bytes).saturating_mul(lanes);
        Self { accumulators, parts, folding, merging, scratch_bytes }
    }
}
