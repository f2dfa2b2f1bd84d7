//! The texts of the way back.

use super::*;

/// A kernel of the way back: an input value gathers from the outputs that hold it.
pub(super) fn back(key: &BackKey) -> String {
    let row = key.op.row();
    let format = &key.format;
    let mut files = walk_and_op(key.op, key.walk, key.weighting, key.activation, format);
    let patch = key.patch;
    let inputs_by_four = patch.is_some_and(|patch| patch.inputs_by_four);
    files.extend(load(format, inputs_by_four));
    files.extend_from_slice(row.back);
    files.push(match row.saved_bytes {
        0 => wgsl!("saved/nothing"),
        4 if patch.is_some_and(|patch| patch.outputs_by_four) => wgsl!("saved/fours"),
        _ if key.beside_scratch() => wgsl!("saved/beside_scratch"),
        _ => wgsl!("saved/stored"),
    });
    let mut constants = format!("const WITH_INDEX = true;\nconst OP_VARIANT = {}u;\n", key.variant);
    if key.ahead != Element::F32 {
        // An input of the same type brings the file that has the names.
        constants.push_str(&format!("const AHEAD_ELEMENT = {};\n", number_of(key.ahead)));
    }
    if matches!(key.to, BackTo::Input | BackTo::Parameters) {
        files.push(match (key.ahead == Element::F32, patch.is_some_and(|patch| patch.outputs_by_four)) {
            (true, false) => wgsl!("storage/ahead_f32"),
            (true, true) => wgsl!("storage/ahead_f32x4"),
            (false, false) => wgsl!("storage/ahead_words"),
            (false, true) => wgsl!("storage/ahead_pairs"),
        });
    }
    if key.to == BackTo::Parameters {
        files.push(if key.weighting == WeightingKind::Table { wgsl!("terms/weight") } else { wgsl!("terms/parameter") });
        files.push(wgsl!("schedule/gather_sum"));
        return text(&key.to_string(), format, &constants, &files);
    }
    if key.to != BackTo::Detection {
        files.extend(storage_of_output(format, inputs_by_four));
    }
    if let Some(patch) = patch {
        constants.push_str(&of_patch(&patch));
        files.push(if patch.outputs_by_four { wgsl!("outputs/fours") } else { wgsl!("outputs/one") });
        files.push(if patch.inputs_by_four { wgsl!("owned/fours") } else { wgsl!("owned/one") });
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
        Walk::List | Walk::Mask => &[wgsl!("digest/labels_read")],
    });
    files.push(match key.walk {
        Walk::List | Walk::Mask => "",
        Walk::Reflect | Walk::Edge => wgsl!("shares/padded"),
        Walk::RoiAlign => wgsl!("shares/samples"),
        _ => wgsl!("shares/inside"),
    });
    files.extend_from_slice(match (key.to, key.walk) {
        (BackTo::Spread, _) => &[wgsl!("unpool/spread"), wgsl!("unpool/each")],
        (BackTo::Detection, _) => &[wgsl!("schedule/detect")],
        (_, Walk::List) => &[wgsl!("schedule/gather_list")],
        _ if patch.is_some() => &[wgsl!("schedule/gather_patch")],
        _ => &[wgsl!("schedule/gather")],
    });
    text(&key.to_string(), format, &constants, &files)
}

/// The constants of a patch.
fn of_patch(patch: &Patch) -> String {
    let mut lines = format!("const FLAT = {};\n", patch.flat);
    let (sides, touching) = (patch.sides(), patch.touching());
    for (at, axis) in ["H", "W"].into_iter().enumerate() {
        for (name, value) in [
            ("SIDE", i64::from(sides[at])),
            ("KERNEL", patch.kernel[at].into()),
            ("STRIDE", patch.stride[at].into()),
            ("DILATION", patch.dilation[at].into()),
            ("PADDING", patch.padding[at].into()),
            ("FIRST", touching[at].first),
            ("COUNT", i64::try_from(touching[at].count).unwrap_or(i64::MAX)),
        ] {
            lines.push_str(&format!("const {name}_{axis} = {value}i;\n"));
        }
    }
    lines
}
