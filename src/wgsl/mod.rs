//! Puts a kernel's text together: whole WGSL files, one for each slot, and a few `const` lines.
//!
//! WGSL does not care for the order of declarations at module scope, so a kernel is the files of its slots one after the other:
//! aliases, parameters, keys, stream, activation, load, region, weighting, op, passes, schedule, emit. Every file of a slot exports the same names.

use crate::{
    Activation, OpKind,
    geometry::Walk,
    op::{WeightingKind, wgsl},
    plan::{BackKey, BackTo, ClusterStep, Digest, Emit, KernelKey, PoolKey, Role, Schedule, UnpoolStep, WORKGROUP},
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
                let files = [wgsl!("common/params"), wgsl!("schedule/merge_sum")].join("\n");
                format!("// {self}\nconst WORKGROUP = {WORKGROUP}u;\nalias V = f32;\n\n{files}")
            }
            Role::Clear => {
                let files = [wgsl!("common/params"), wgsl!("schedule/clear")].join("\n");
                format!("// {self}\nconst WORKGROUP = {WORKGROUP}u;\nalias V = f32;\n\n{files}")
            }
            Role::Digest(digest) => prepare(*digest),
        }
    }
}

/// A kernel that digests what stands beside the input into the region's table.
fn prepare(digest: Digest) -> String {
    let mut files = vec![wgsl!("common/scalar"), wgsl!("common/params")];
    match digest {
        Digest::RoiPool => files.extend([wgsl!("digest/boxes"), wgsl!("digest/roi_pool")]),
        Digest::RoiAlign => files.extend([wgsl!("digest/boxes"), wgsl!("digest/roi_align")]),
        Digest::LabelsCount => {
            files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_read"), wgsl!("digest/labels_count")]);
        }
        Digest::LabelsScan => files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_scan")]),
        Digest::LabelsScatter => {
            files.extend([wgsl!("digest/labels"), wgsl!("digest/labels_read"), wgsl!("digest/labels_scatter")]);
        }
        Digest::Clusters(step, activation) => {
            files.extend([wgsl!("common/keys"), activate(activation), wgsl!("load/scalar"), wgsl!("digest/clusters")]);
            match step {
                ClusterStep::Weigh => files.push(wgsl!("digest/clusters_weigh")),
                ClusterStep::Lot => {
                    files.extend([wgsl!("common/words"), wgsl!("random/log2"), wgsl!("random/philox"), wgsl!("random/lots")]);
                    files.push(wgsl!("digest/clusters_lot"));
                }
                ClusterStep::Seed => files.push(wgsl!("digest/clusters_seed")),
                ClusterStep::Assign => files.push(wgsl!("digest/clusters_assign")),
                ClusterStep::Move => files.push(wgsl!("digest/clusters_move")),
            }
        }
    }
    format!("// {}\nconst WORKGROUP = {WORKGROUP}u;\n\n{}", digest.name(), files.join("\n"))
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
    }
}

/// What the way there and the way back share: parameters, the region's walk, the op and what its taps weigh.
fn walk_and_op(op: OpKind, walk: Walk, weighting: WeightingKind, activation: Option<Activation>) -> Vec<&'static str> {
    let row = op.row();
    let mut files = vec![
        wgsl!("common/scalar"),
        wgsl!("common/params"),
        wgsl!("common/keys"),
        wgsl!("common/rect"),
        activate(activation),
        region_of(walk),
        wgsl!("common/span"),
        wgsl!("common/places"),
        match weighting {
            WeightingKind::One => wgsl!("weighting/one"),
            WeightingKind::Gaussian => wgsl!("weighting/gaussian"),
            WeightingKind::Table => wgsl!("weighting/table"),
            WeightingKind::Position => wgsl!("weighting/position"),
        },
    ];
    files.extend_from_slice(match walk {
        Walk::Window | Walk::Global | Walk::Fractional => {
            &[wgsl!("common/separable"), wgsl!("taps/inside"), wgsl!("taps/stored")]
        }
        Walk::Adaptive => &[wgsl!("common/separable"), wgsl!("common/bins"), wgsl!("taps/inside"), wgsl!("taps/stored")],
        Walk::Reflect | Walk::Edge => {
            &[wgsl!("common/separable"), wgsl!("common/padded"), wgsl!("taps/padded"), wgsl!("taps/stored")]
        }
        Walk::Pyramid | Walk::RoiPool => &[wgsl!("common/bins"), wgsl!("taps/inside"), wgsl!("taps/stored")],
        Walk::RoiAlign => &[wgsl!("taps/samples")],
        Walk::List => &[wgsl!("taps/list"), wgsl!("taps/stored")],
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
    let mut files = walk_and_op(key.op, key.walk, key.weighting, key.activation);
    files.push(if key.aligned_load { wgsl!("load/vec4") } else { wgsl!("load/scalar") });
    files.push(if key.walk.fills_empty() { wgsl!("answer/or_empty") } else { wgsl!("answer/of_op") });
    files.extend_from_slice(match key.schedule {
        Schedule::Direct => &[wgsl!("schedule/direct")],
        Schedule::Tile(_) => &[wgsl!("schedule/tile")],
        Schedule::Reduce => &[wgsl!("common/workgroup"), wgsl!("schedule/reduce")],
        Schedule::Partial => &[wgsl!("common/workgroup"), wgsl!("schedule/partial")],
        Schedule::Merge => &[wgsl!("common/workgroup"), wgsl!("schedule/merge")],
        Schedule::Sort(_) => &[wgsl!("schedule/sort")],
        Schedule::ListPartial => &[wgsl!("schedule/list_partial")],
        Schedule::ListMerge => &[wgsl!("schedule/list_merge")],
    });
    files.extend_from_slice(match (key.schedule, key.emit, key.aligned_store) {
        (Schedule::Partial | Schedule::ListPartial, ..) => &[wgsl!("emit/partial")],
        (_, Emit::Values, false) => &[wgsl!("emit/run"), wgsl!("emit/value")],
        (_, Emit::Values, true) => &[wgsl!("emit/run"), wgsl!("emit/value_vec4")],
        (_, Emit::Indices, false) => &[wgsl!("emit/run"), wgsl!("emit/value_index")],
        (_, Emit::Indices, true) => &[wgsl!("emit/run"), wgsl!("emit/value_index_vec4")],
        (_, Emit::Saved, _) => &[wgsl!("emit/saved")],
    });
    if key.emit == Emit::Saved && !matches!(key.schedule, Schedule::Partial | Schedule::ListPartial) {
        files.extend_from_slice(key.op.row().back);
    }
    format!("// {key}\n{}\n{}", constants(key), files.join("\n"))
}

/// A kernel of the way back: an input value gathers from the outputs that hold it.
fn back(key: &BackKey) -> String {
    let row = key.op.row();
    let mut files = walk_and_op(key.op, key.walk, key.weighting, key.activation);
    files.push(wgsl!("load/scalar"));
    files.extend_from_slice(row.back);
    files.push(match (row.saved_bytes, key.to) {
        (0, _) => wgsl!("saved/nothing"),
        (_, BackTo::Input | BackTo::Spread | BackTo::Detection) => wgsl!("saved/stored"),
        (_, BackTo::Parameters) => wgsl!("saved/beside_scratch"),
    });
    let constants =
        format!("const WORKGROUP = {WORKGROUP}u;\nconst WITH_INDEX = true;\nconst OP_VARIANT = {}u;\n", key.variant);
    if key.to == BackTo::Parameters {
        files.push(if key.weighting == WeightingKind::Table { wgsl!("terms/weight") } else { wgsl!("terms/parameter") });
        files.push(wgsl!("schedule/gather_sum"));
        return format!("// {key}\n{constants}\n{}", files.join("\n"));
    }
    files.push(wgsl!("common/holders"));
    files.extend_from_slice(match key.walk {
        Walk::Window => &[wgsl!("holders/separable"), wgsl!("common/window_holders"), wgsl!("holders/window")],
        Walk::Reflect => &[wgsl!("holders/separable"), wgsl!("common/window_holders"), wgsl!("holders/reflect")],
        Walk::Edge => &[wgsl!("holders/separable"), wgsl!("common/window_holders"), wgsl!("holders/edge")],
        Walk::Adaptive => &[wgsl!("holders/separable"), wgsl!("common/bin_holders"), wgsl!("holders/adaptive")],
        Walk::Global => &[wgsl!("holders/separable"), wgsl!("holders/global")],
        Walk::Fractional => &[wgsl!("holders/separable"), wgsl!("holders/fractional")],
        Walk::Pyramid => &[wgsl!("common/bin_holders"), wgsl!("holders/pyramid")],
        Walk::RoiPool => &[wgsl!("common/bin_holders"), wgsl!("holders/roi_pool")],
        Walk::RoiAlign => &[wgsl!("holders/roi_align")],
        Walk::List => &[wgsl!("digest/labels_read")],
    });
    files.push(match key.walk {
        Walk::List => "",
        Walk::Reflect | Walk::Edge => wgsl!("shares/padded"),
        Walk::RoiAlign => wgsl!("shares/samples"),
        _ => wgsl!("shares/inside"),
    });
    files.push(match (key.to, key.walk) {
        (BackTo::Spread, _) => wgsl!("unpool/spread"),
        (BackTo::Detection, _) => wgsl!("schedule/detect"),
        (_, Walk::List) => wgsl!("schedule/gather_list"),
        _ => wgsl!("schedule/gather"),
    });
    format!("// {key}\n{constants}\n{}", files.join("\n"))
}

/// A step of unpooling.
fn unpool(key: &KernelKey, step: &UnpoolStep) -> String {
    let mut files = vec![wgsl!("common/scalar"), wgsl!("common/params")];
    match *step {
        UnpoolStep::Clear => files.push(wgsl!("unpool/clear")),
        UnpoolStep::Mark => files.push(wgsl!("unpool/mark")),
        UnpoolStep::Place => files.push(wgsl!("unpool/place")),
        UnpoolStep::Nearest(walk) => {
            files.extend([wgsl!("common/span"), wgsl!("common/places"), region_of(walk), wgsl!("unpool/nearest")]);
            if walk == Walk::Adaptive {
                files.push(wgsl!("common/bins"));
            }
            if walk.has_table() {
                files.push(wgsl!("common/table"));
            }
            if matches!(walk, Walk::Reflect | Walk::Edge) {
                files.push(wgsl!("common/padded"));
            }
        }
    }
    format!("// {key}\nconst WORKGROUP = {WORKGROUP}u;\n\n{}", files.join("\n"))
}

/// The lines that Rust fixes in the text, so that arrays can be sized and loops have constant bounds.
fn constants(key: &PoolKey) -> String {
    let mut lines = format!(
        "const WORKGROUP = {WORKGROUP}u;\nconst WITH_INDEX = {};\nconst OP_VARIANT = {}u;\n",
        key.emit != Emit::Values,
        key.variant
    );
    if let Schedule::Sort(taps) = key.schedule {
        lines.push_str(&format!("const SORT_TAPS = {taps}u;\n"));
    }
    if let Schedule::Tile(tile) = key.schedule {
        for (name, value) in [
            ("TILE_ROWS", tile.rows),
            ("KERNEL_H", tile.kernel[0]),
            ("KERNEL_W", tile.kernel[1]),
            ("STRIDE_H", tile.stride[0]),
            ("STRIDE_W", tile.stride[1]),
            ("DILATION_H", tile.dilation[0]),
            ("DILATION_W", tile.dilation[1]),
            ("LEAD", tile.lead),
        ] {
            lines.push_str(&format!("const {name} = {value}u;\n"));
        }
    }
    lines
}

#[cfg(test)]
mod tests;
