//! Puts a kernel's text together: whole WGSL files, one for each slot, and a few `const` lines.
//!
//! WGSL does not care for the order of declarations at module scope, so a kernel is the files of its slots one after the other:
//! aliases, parameters, keys, stream, activation, load, region, weighting, op, passes, schedule, emit. Every file of a slot exports the same names.

mod back;
mod line;
mod unpool;

use back::back;
use line::line;
use unpool::unpool;

use crate::{
    Activation, Element, OpKind, Texel,
    geometry::{Order, Walk},
    op::{WeightingKind, wgsl},
    plan::{
        BackKey, BackTo, ClusterStep, Digest, Emit, Format, KernelKey, Lanes, Line, MASKED_TEAMS, MipKey, Patch, PoolKey, Role,
        Rows, STRIP_TURN, Schedule, Stored, UnpoolStep, WORKGROUP,
    },
};

impl KernelKey {
    /// This kernel's whole text.
    #[must_use]
    pub fn wgsl(&self) -> String {
        match &self.0 {
            Role::Pool(key) => pool(key),
            Role::Back(key) => back(key),
            Role::Unpool(step) => unpool(self, step),
            Role::MergeSum => {
                let files = [wgsl!("common/scalar"), wgsl!("common/params"), wgsl!("schedule/merge_sum")];
                self.text(&Format::PLAIN, "", &files)
            }
            Role::Clear(output) => self.storing(*output, wgsl!("schedule/clear")),
            Role::Narrow(output) => self.storing(*output, wgsl!("schedule/narrow")),
            Role::Digest(digest) => prepare(self, *digest),
            Role::Mips(key) => mips(self, key),
        }
    }

    /// A kernel that only stores.
    fn storing(&self, output: Stored, schedule: &'static str) -> String {
        let format = Format { output, ..Format::PLAIN };
        let mut files = aliases(&format);
        files.push(wgsl!("common/params"));
        files.extend(storage_of_output(&format, false));
        files.push(schedule);
        self.text(&format, "", &files)
    }

    /// The name, the constants and the files of a kernel.
    fn text(&self, format: &Format, constants: &str, files: &[&'static str]) -> String {
        text(&self.to_string(), format, constants, files)
    }
}

/// The name, the constants and the files of a kernel.
fn text(name: &str, format: &Format, constants: &str, files: &[&'static str]) -> String {
    text_in(WORKGROUP, name, format, constants, files)
}

/// The same in workgroups of another size.
fn text_in(workgroup: u32, name: &str, format: &Format, constants: &str, files: &[&'static str]) -> String {
    let mut head = format!("// {name}\nconst WORKGROUP = {workgroup}u;\nconst GROUP = {}u;\n{constants}", format.group());
    let mut elements = "";
    for (side, stored) in [("INPUT", format.input), ("OUTPUT", format.output)] {
        if let Some(element) = stored.fields() {
            let (number, quantised) = (number_of(element), matches!(stored, Stored::Quantised(_)));
            head.push_str(&format!("const {side}_ELEMENT = {number};\nconst {side}_PACK = {}u;\n", element.per_word()));
            head.push_str(&format!("const {side}_QUANTISED = {quantised};\n"));
            elements = wgsl!("common/elements");
        }
        if let Stored::Texture(texel) = stored {
            head.push_str(&format!("const {side}_CHANNELS = {}u;\n", texel.channels()));
            if side == "OUTPUT" {
                head.push_str(&target(texel));
            }
        }
    }
    // By what is in the text, so that no kernel can be listed as the wrong one.
    let barriers = files.iter().any(|file| file.contains("workgroupBarrier()"));
    let params = if barriers { wgsl!("params/uniform") } else { wgsl!("params/copied") };
    format!("{head}\n{}\n{params}{}{elements}", files.join("\n"), if elements.is_empty() { "" } else { "\n" })
}

/// What a texture is that kernels write.
fn target(texel: Texel) -> String {
    format!("alias Target = texture_storage_2d<{texel}, write>;\n")
}

/// An element's name in common/elements.
fn number_of(element: Element) -> &'static str {
    match element {
        Element::F16 => "ELEMENT_F16",
        Element::Bf16 => "ELEMENT_BF16",
        Element::U8 => "ELEMENT_U8",
        Element::I8 => "ELEMENT_I8",
        Element::F32 | Element::I32 => "ELEMENT_I32",
    }
}

/// The aliases of what is folded.
fn aliases(format: &Format) -> Vec<&'static str> {
    let Some(element) = format.raw() else {
        return vec![if format.four() { wgsl!("common/vec4") } else { wgsl!("common/scalar") }];
    };
    let real = match element {
        Element::F16 => wgsl!("raw/half_of"),
        Element::Bf16 => wgsl!("raw/brain_of"),
        Element::F32 | Element::U8 | Element::I8 | Element::I32 => wgsl!("raw/whole_of"),
    };
    vec![if format.four() { wgsl!("raw/vec4") } else { wgsl!("raw/scalar") }, real]
}

/// Floats, or values as they are stored, as ordered integers.
fn keys(format: &Format) -> &'static [&'static str] {
    match format.raw() {
        // A bfloat16 is the upper half of an f32.
        None | Some(Element::Bf16 | Element::F32) => &[wgsl!("common/keys"), wgsl!("common/keys_f32")],
        Some(Element::F16) => &[wgsl!("common/keys"), wgsl!("raw/keys_f16")],
        Some(Element::U8 | Element::I8 | Element::I32) => &[wgsl!("raw/keys_whole")],
    }
}

/// Where the channels lie.
fn layout_of(format: &Format) -> &'static str {
    match format.order {
        Order::ChannelsFirst if format.lanes == Lanes::Planes => wgsl!("layout/planes"),
        Order::ChannelsFirst => wgsl!("layout/nchw"),
        Order::ChannelsLast => wgsl!("layout/nhwc"),
        Order::DepthLast => wgsl!("layout/depth_last"),
    }
}

/// How the input is read; `fours`: four at a time where rows allow it.
fn load(format: &Format, fours: bool) -> Vec<&'static str> {
    let mut files = storage_of_input(format, fours || format.side_by_side());
    files.push(match format.lanes {
        Lanes::One => wgsl!("load/one"),
        Lanes::Neighbours => wgsl!("load/channels"),
        Lanes::Planes => wgsl!("load/planes"),
    });
    files
}

fn storage_of_input(format: &Format, fours: bool) -> Vec<&'static str> {
    let halves = fours && format.input.per_word() == 2;
    let words = if halves { wgsl!("storage/input_pairs") } else { wgsl!("storage/input_words") };
    match (format.input, fours) {
        (Stored::F32 | Stored::Sums, false) => vec![wgsl!("storage/input_f32")],
        (Stored::F32 | Stored::Sums, true) => vec![wgsl!("storage/input_f32x4")],
        (Stored::Raw(Element::I32), false) => vec![wgsl!("storage/input_i32")],
        (Stored::Raw(Element::I32), true) => vec![wgsl!("storage/input_i32x4")],
        (Stored::Words(_) | Stored::Quantised(_), _) => vec![words, wgsl!("storage/input_reals")],
        (Stored::Raw(_), _) => vec![words, wgsl!("storage/input_raw")],
        (Stored::Texture(Texel::Depth32Float), _) => vec![wgsl!("storage/input_depth")],
        (Stored::Texture(_), _) => vec![wgsl!("storage/input_texture")],
    }
}

fn storage_of_output(format: &Format, fours: bool) -> Vec<&'static str> {
    let fours = fours || format.side_by_side();
    let halves = fours && format.output.per_word() == 2;
    let words = if halves { wgsl!("storage/output_pairs") } else { wgsl!("storage/output_words") };
    match (format.output, fours) {
        (Stored::F32, false) => vec![wgsl!("storage/output_f32")],
        (Stored::F32, true) => vec![wgsl!("storage/output_f32x4")],
        (Stored::Raw(Element::I32), false) => vec![wgsl!("storage/output_i32")],
        (Stored::Raw(Element::I32), true) => vec![wgsl!("storage/output_i32x4")],
        (Stored::Words(_) | Stored::Quantised(_), _) => vec![words, wgsl!("storage/output_reals")],
        (Stored::Raw(_), _) => vec![words, wgsl!("storage/output_raw")],
        (Stored::Sums, _) => vec![wgsl!("storage/output_sums")],
        (Stored::Texture(_), _) => vec![wgsl!("storage/output_texture")],
    }
}

/// A kernel that makes levels of a mip chain.
fn mips(key: &KernelKey, MipKey { op, source, target: texel, levels, goes_on }: &MipKey) -> String {
    let lanes = if texel.channels() == 4 { Lanes::Neighbours } else { Lanes::One };
    let format = Format { lanes, ..Format::PLAIN };
    let row = op.row();
    let mut files = aliases(&format);
    files.extend([wgsl!("common/params"), wgsl!("common/one_pass")]);
    files.extend_from_slice(keys(&format));
    files.extend_from_slice(row.wgsl);
    files.extend_from_slice(match source {
        None => &[wgsl!("mips/source_scratch")],
        Some(Texel::Depth32Float) => &[wgsl!("mips/source_depth")],
        Some(_) if format.four() => &[wgsl!("mips/source_texture"), wgsl!("mips/source_four")],
        Some(_) => &[wgsl!("mips/source_texture"), wgsl!("mips/source_one")],
    });
    if source.is_none() || *goes_on {
        files.push(wgsl!("mips/scratch"));
    }
    files.push(if *goes_on { wgsl!("mips/kept") } else { wgsl!("mips/not_kept") });
    files.push(if format.four() { wgsl!("mips/texel_four") } else { wgsl!("mips/texel_one") });
    files.push(match levels {
        1 => wgsl!("mips/levels_1"),
        2 => wgsl!("mips/levels_2"),
        3 => wgsl!("mips/levels_3"),
        _ => wgsl!("mips/levels_4"),
    });
    files.push(wgsl!("mips/mips"));
    let constants = format!("const WITH_INDEX = false;\nconst OP_VARIANT = 0u;\nconst LEVELS = {levels}u;\n{}", target(*texel));
    key.text(&format, &constants, &files)
}

/// A kernel that digests what stands beside the input into the region's table.
fn prepare(key: &KernelKey, digest: Digest) -> String {
    let mut format = Format::PLAIN;
    if let Digest::Clusters(_, _, of_input) = digest {
        format = of_input;
    }
    let mut files = vec![wgsl!("common/scalar"), wgsl!("common/params")];
    match digest {
        Digest::RoiPool => files.extend([wgsl!("common/seal"), wgsl!("digest/boxes"), wgsl!("digest/roi_pool")]),
        Digest::RoiAlign => files.extend([
            wgsl!("common/seal"),
            wgsl!("common/quotient_rounded"),
            wgsl!("digest/boxes"),
            wgsl!("digest/roi_align"),
        ]),
        Digest::LabelsCount => {
            files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_read"), wgsl!("digest/labels_count")]);
        }
        Digest::LabelsScan => files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_scan")]),
        Digest::LabelsScatter => {
            files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_read"), wgsl!("digest/labels_scatter")]);
        }
        Digest::Clusters(step, activation, _) => {
            files.extend_from_slice(keys(&format));
            files.extend([activate(activation), wgsl!("common/places"), wgsl!("common/divide"), layout_of(&format)]);
            files.extend(load(&format, false));
            files.extend([wgsl!("common/seal"), wgsl!("digest/clusters")]);
            match step {
                ClusterStep::Weigh => files.push(wgsl!("digest/clusters_weigh")),
                ClusterStep::Lot => {
                    files.extend([wgsl!("common/words"), wgsl!("random/log2"), wgsl!("random/philox"), wgsl!("random/lots")]);
                    files.push(wgsl!("digest/clusters_lot"));
                }
                ClusterStep::Seed => files.push(wgsl!("digest/clusters_seed")),
                ClusterStep::Assign => files.push(wgsl!("digest/clusters_assign")),
                ClusterStep::Move => files.extend([wgsl!("common/quotient_rounded"), wgsl!("digest/clusters_move")]),
            }
        }
    }
    key.text(&format, "", &files)
}

/// The file of a detector stage.
fn activate(activation: Option<Activation>) -> &'static str {
    match activation {
        None => wgsl!("activation/none"),
        Some(Activation::Relu) => wgsl!("activation/relu"),
        Some(Activation::LeakyRelu) => wgsl!("activation/leaky_relu"),
        Some(Activation::Sigmoid) => wgsl!("activation/sigmoid"),
        Some(Activation::Tanh) => wgsl!("activation/tanh"),
    }
}

/// The file of a region's walk.
fn region_of(walk: Walk) -> &'static str {
    match walk {
        Walk::Window => wgsl!("region/window"),
        Walk::Adaptive => wgsl!("region/adaptive"),
        Walk::Global => wgsl!("region/global"),
        Walk::Pyramid => wgsl!("region/pyramid"),
        Walk::Fractional => wgsl!("region/fractional"),
        Walk::Reflect => wgsl!("region/reflect"),
        Walk::Edge => wgsl!("region/edge"),
        Walk::RoiPool => wgsl!("region/roi_pool"),
        Walk::RoiAlign => wgsl!("region/roi_align"),
        Walk::List => wgsl!("region/list"),
        Walk::Mask => wgsl!("region/mask"),
    }
}

/// What the way there and the way back share: parameters, the region's walk, the op and what its taps weigh.
fn walk_and_op(
    op: OpKind,
    walk: Walk,
    weighting: WeightingKind,
    activation: Option<Activation>,
    format: &Format,
) -> Vec<&'static str> {
    let row = op.row();
    let mut files = aliases(format);
    files.extend_from_slice(keys(format));
    files.extend([
        wgsl!("common/params"),
        layout_of(format),
        wgsl!("common/rect"),
        activate(activation),
        region_of(walk),
        wgsl!("common/span"),
        wgsl!("common/places"),
        wgsl!("common/divide"),
        match weighting {
            WeightingKind::One => wgsl!("weighting/one"),
            WeightingKind::Gaussian => wgsl!("weighting/gaussian"),
            WeightingKind::Table => wgsl!("weighting/table"),
            WeightingKind::Position => wgsl!("weighting/position"),
        },
    ]);
    if weighting == WeightingKind::Table {
        files.push(if format.four() { wgsl!("weighting/lookup_vec4") } else { wgsl!("weighting/lookup") });
    }
    files.extend_from_slice(match walk {
        Walk::Window | Walk::Global | Walk::Fractional => {
            &[wgsl!("common/separable"), wgsl!("taps/inside"), wgsl!("taps/stored")]
        }
        Walk::Adaptive => &[wgsl!("common/separable"), wgsl!("common/bins"), wgsl!("taps/inside"), wgsl!("taps/stored")],
        Walk::Reflect | Walk::Edge => {
            &[wgsl!("common/separable"), wgsl!("common/padded"), wgsl!("taps/padded"), wgsl!("taps/stored")]
        }
        Walk::Pyramid | Walk::RoiPool => &[wgsl!("common/bins"), wgsl!("taps/inside"), wgsl!("taps/stored")],
        Walk::RoiAlign => &[wgsl!("common/seal"), wgsl!("taps/samples")],
        Walk::List => &[wgsl!("taps/list"), wgsl!("taps/stored")],
        Walk::Mask => &[wgsl!("taps/inside"), wgsl!("taps/stored")],
    });
    files.extend_from_slice(row.wgsl);
    if walk.has_table() {
        files.push(wgsl!("common/table"));
    }
    if row.passes == 1 {
        files.push(wgsl!("common/one_pass"));
    }
    if !row.chooses {
        files.push(wgsl!("common/no_index"));
    }
    files
}

fn pool(key: &PoolKey) -> String {
    let format = &key.format;
    if let Schedule::Line(step) = key.schedule {
        return line(key, step);
    }
    let mut files = walk_and_op(key.op, key.walk, key.weighting, key.activation, format);
    files.extend(load(format, key.rows != Rows::One));
    files.push(if key.walk.fills_empty() { wgsl!("answer/or_empty") } else { wgsl!("answer/of_op") });
    files.extend_from_slice(match key.schedule {
        Schedule::Direct if key.rows == Rows::Shifted => &[wgsl!("walk/runs"), wgsl!("taps/run"), wgsl!("schedule/direct")],
        Schedule::Direct if key.walk == Walk::List => &[wgsl!("walk/list"), wgsl!("schedule/direct")],
        Schedule::Direct => &[wgsl!("walk/taps"), wgsl!("schedule/direct")],
        Schedule::Tile(_) if format.four() => &[wgsl!("tile/channels"), wgsl!("schedule/tile")],
        Schedule::Tile(_) => match key.rows {
            Rows::One => &[wgsl!("tile/planes"), wgsl!("tile/span_one"), wgsl!("schedule/tile")],
            Rows::Fours => &[wgsl!("tile/planes"), wgsl!("tile/span_fours"), wgsl!("schedule/tile")],
            Rows::Shifted => &[wgsl!("tile/planes"), wgsl!("tile/span_shifted"), wgsl!("schedule/tile")],
        },
        Schedule::Wide => &[wgsl!("schedule/wide")],
        Schedule::Reduce(_) if key.rows == Rows::Shifted => {
            &[wgsl!("common/team"), wgsl!("walk/team_runs"), wgsl!("taps/run"), wgsl!("schedule/reduce")]
        }
        Schedule::Reduce(_) => &[wgsl!("common/team"), wgsl!("walk/team_taps"), wgsl!("schedule/reduce")],
        Schedule::Masked(_) => &[wgsl!("common/team"), wgsl!("digest/labels_read"), wgsl!("schedule/masked")],
        Schedule::Partial => &[wgsl!("common/team"), wgsl!("walk/team_taps"), wgsl!("schedule/partial")],
        Schedule::Merge => &[wgsl!("common/team"), wgsl!("schedule/merge")],
        Schedule::Sort(_) => &[wgsl!("schedule/sort")],
        Schedule::ListPartial => &[wgsl!("walk/list"), wgsl!("schedule/list_partial")],
        Schedule::ListMerge => &[wgsl!("schedule/list_merge")],
        Schedule::Line(_) => &[],
    });
    match (key.schedule, key.emit) {
        (Schedule::Partial | Schedule::ListPartial, _) => files.push(wgsl!("emit/partial")),
        (_, Emit::Saved) => {
            files.push(if key.aligned_store { wgsl!("emit/saved_fours") } else { wgsl!("emit/saved") });
            files.extend_from_slice(key.op.row().back);
        }
        (_, Emit::Values) if format.lanes == Lanes::Planes => {
            files.push(wgsl!("emit/planes"));
            files.extend(storage_of_output(format, false));
        }
        (_, emit) => {
            files.push(if format.four() { wgsl!("emit/channels") } else { wgsl!("emit/run") });
            files.extend(storage_of_output(format, key.aligned_store));
            if emit == Emit::Indices {
                let fours = key.aligned_store || format.four();
                files.push(wgsl!("emit/values_indices"));
                files.push(if fours { wgsl!("storage/indices_vec4") } else { wgsl!("storage/indices") });
            } else {
                files.push(wgsl!("emit/values"));
            }
        }
    }
    let workgroup = if let Schedule::Masked(workgroup) = key.schedule { workgroup } else { WORKGROUP };
    text_in(workgroup, &key.to_string(), format, &constants(key), &files)
}

/// Whether neighbouring regions lie side by side in memory, and not a region's taps.
fn teams_beside(key: &PoolKey) -> bool {
    match key.format.order {
        Order::ChannelsFirst => key.format.four() || key.walk == Walk::Mask,
        Order::ChannelsLast => true,
        Order::DepthLast => false,
    }
}

/// The lines that Rust fixes in the text, so that arrays can be sized and loops have constant bounds.
fn constants(key: &PoolKey) -> String {
    let mut lines = format!("const WITH_INDEX = {};\nconst OP_VARIANT = {}u;\n", key.emit != Emit::Values, key.variant);
    if matches!(key.schedule, Schedule::Reduce(_) | Schedule::Masked(_) | Schedule::Partial | Schedule::Merge) {
        lines.push_str(&format!("const TEAMS_BESIDE = {};\n", teams_beside(key)));
    }
    match key.schedule {
        Schedule::Reduce(team) => lines.push_str(&format!("const TEAM = {team}u;\n")),
        Schedule::Masked(workgroup) => lines.push_str(&format!("const TEAM = {}u;\n", workgroup / MASKED_TEAMS)),
        Schedule::Partial | Schedule::Merge => lines.push_str("const TEAM = WORKGROUP;\n"),
        _ => {}
    }
    if let Schedule::Sort(taps) = key.schedule {
        lines.push_str(&format!("const SORT_TAPS = {taps}u;\n"));
    }
    if let Schedule::Tile(tile) = key.schedule {
        for (name, value) in [
            ("TILE_COLUMNS", tile.columns),
            ("KERNEL_H", tile.kernel[0]),
            ("KERNEL_W", tile.kernel[1]),
            ("STRIDE_H", tile.stride[0]),
            ("STRIDE_W", tile.stride[1]),
            ("DILATION_H", tile.dilation[0]),
            ("DILATION_W", tile.dilation[1]),
            ("PADDING_W", tile.padding),
            ("SLICES", tile.slices.max(1)),
            ("TURN", STRIP_TURN),
        ] {
            lines.push_str(&format!("const {name} = {value}u;\n"));
        }
        for (name, value) in [
            ("ROW_EDGES", tile.sticks_out[0]),
            ("COLUMN_EDGES", tile.sticks_out[1]),
            ("FLAT", tile.slices == 0),
            ("ONE_ROW", tile.one_row),
        ] {
            lines.push_str(&format!("const {name} = {value};\n"));
        }
    }
    lines
}

#[cfg(test)]
mod tests;
