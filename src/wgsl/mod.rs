//! Puts a kernel's text together: whole WGSL files, one for each slot, and a few `const` lines.
//!
//! WGSL does not care for the order of declarations at module scope, so a kernel is the files of its slots one after the other:
//! aliases, parameters, keys, stream, activation, load, region, weighting, op, passes, schedule, emit. Every file of a slot exports the same names.

use crate::{
    Activation,
    geometry::Walk,
    op::{WeightingKind, wgsl},
    plan::{ClusterStep, Digest, KernelKey, PoolKey, Role, Schedule, WORKGROUP},
};

impl KernelKey {
    /// This kernel's whole text.
    #[must_use]
    pub fn wgsl(&self) -> String {
        match &self.0 {
            Role::Pool(key) => pool(key),
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

fn pool(key: &PoolKey) -> String {
    let row = key.op.row();
    let mut files = vec![
        wgsl!("common/scalar"),
        wgsl!("common/params"),
        wgsl!("common/keys"),
        wgsl!("common/rect"),
        match key.walk {
            Walk::Pyramid | Walk::RoiPool => wgsl!("common/bins"),
            Walk::RoiAlign | Walk::List => "",
            _ => wgsl!("common/separable"),
        },
        activate(key.activation),
        if key.aligned_load { wgsl!("load/vec4") } else { wgsl!("load/scalar") },
        match key.walk {
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
        },
        match key.weighting {
            WeightingKind::One => wgsl!("weighting/one"),
            WeightingKind::Gaussian => wgsl!("weighting/gaussian"),
            WeightingKind::Table => wgsl!("weighting/table"),
            WeightingKind::Position => wgsl!("weighting/position"),
        },
    ];
    files.extend_from_slice(row.wgsl);
    files.extend_from_slice(match key.walk {
        Walk::Adaptive => &[wgsl!("common/bins"), wgsl!("taps/inside"), wgsl!("taps/stored")],
        Walk::Reflect | Walk::Edge => &[wgsl!("common/padded"), wgsl!("taps/padded"), wgsl!("taps/stored")],
        Walk::RoiAlign => &[wgsl!("taps/samples")],
        Walk::List => &[wgsl!("taps/list"), wgsl!("taps/stored")],
        _ => &[wgsl!("taps/inside"), wgsl!("taps/stored")],
    });
    files.push(if key.walk.fills_empty() { wgsl!("answer/or_empty") } else { wgsl!("answer/of_op") });
    if key.walk.has_table() {
        files.push(wgsl!("common/table"));
    }
    if row.passes == 1 {
        files.push(wgsl!("common/one_pass"));
    }
    if !row.indices {
        files.push(wgsl!("common/no_index"));
    }
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
    files.push(match (key.schedule, key.indices, key.aligned_store) {
        (Schedule::Partial | Schedule::ListPartial, ..) => wgsl!("emit/partial"),
        (_, false, false) => wgsl!("emit/value"),
        (_, false, true) => wgsl!("emit/value_vec4"),
        (_, true, false) => wgsl!("emit/value_index"),
        (_, true, true) => wgsl!("emit/value_index_vec4"),
    });
    format!("// {key}\n{}\n{}", constants(key), files.join("\n"))
}

/// The lines that Rust fixes in the text, so that arrays can be sized and loops have constant bounds.
fn constants(key: &PoolKey) -> String {
    let mut lines =
        format!("const WORKGROUP = {WORKGROUP}u;\nconst WITH_INDEX = {};\nconst OP_VARIANT = {}u;\n", key.indices, key.variant);
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
