//! The texts of the line kernel's steps.

use super::*;

/// A step of one axis of a window.
pub(super) fn line(key: &PoolKey, step: Line) -> String {
    if let Some(leads) = step.along {
        return along(key, step, leads);
    }
    let Line { block, shared, from_scratch, to_scratch, turned, along: _ } = step;
    let format = &key.format;
    let mut files = geometry_and_op(key, true);
    if from_scratch {
        files.push(wgsl!("line/from_scratch"));
    } else {
        let fours = key.rows == Rows::Fours;
        files.extend(storage_of_input(format, fours));
        files.extend([if fours { wgsl!("load/fours") } else { wgsl!("load/lanes") }, wgsl!("line/from_input")]);
    }
    if from_scratch || to_scratch {
        files.push(wgsl!("line/scratch"));
        files.extend(key.op.packed(key.variant, key.emit == Emit::Indices).map(|packed| packed.wgsl));
    }
    files.push(if key.weighting == WeightingKind::Gaussian { wgsl!("line/gaussian") } else { wgsl!("line/alike") });
    files.push(if shared.is_some() { wgsl!("line/shared") } else { wgsl!("line/alone") });
    files.push(match (to_scratch, turned, format.order) {
        (true, true, _) => wgsl!("line/to_scratch_turned"),
        (true, false, _) => wgsl!("line/to_scratch"),
        (false, true, _) => wgsl!("line/to_output_turned"),
        (false, false, Order::ChannelsLast) => wgsl!("line/to_output_channels"),
        (false, false, _) => wgsl!("line/to_output"),
    });
    if !to_scratch {
        files.extend(answers(key, wgsl!("emit/channels"), &Format { lanes: Lanes::One, ..*format }));
    }
    files.push(wgsl!("schedule/line"));
    let shared = shared.map_or(String::new(), |stride| format!("const STRIDE = {stride}u;\n"));
    let constants = format!("{}const BLOCK = {block}u;\n{shared}", constants(key));
    text(&key.to_string(), format, &constants, &files)
}

/// The last step of a window, along the rows.
fn along(key: &PoolKey, step: Line, [lead, tail]: [u32; 2]) -> String {
    let format = &key.format;
    let mut files = geometry_and_op(key, !step.from_scratch);
    if step.from_scratch {
        files.push(wgsl!("line/along_scratch"));
        files.extend(key.op.packed(key.variant, key.emit == Emit::Indices).map(|packed| packed.wgsl));
    } else {
        let fours = key.rows == Rows::Fours;
        files.push(wgsl!("line/along_input"));
        files.extend(storage_of_input(format, fours));
        files.push(if fours { wgsl!("line/along_fours") } else { wgsl!("line/along_each") });
    }
    files.extend(answers(key, wgsl!("emit/run"), format));
    files.push(wgsl!("line/along"));
    let constants = format!("{}const BLOCK = {}u;\nconst LEAD = {lead}u;\nconst TAIL = {tail}u;\n", constants(key), step.block);
    text(&key.to_string(), format, &constants, &files)
}

/// What every step needs of parameters, places and the op; the detector stage where it looks at the input.
fn geometry_and_op(key: &PoolKey, activates: bool) -> Vec<&'static str> {
    let (format, row) = (&key.format, key.op.row());
    let mut files = aliases(format);
    files.extend_from_slice(keys(format));
    files.extend([wgsl!("common/params"), wgsl!("common/places"), wgsl!("common/divide"), wgsl!("common/span")]);
    files.extend([layout_of(format), region_of(key.walk), wgsl!("taps/inside")]);
    files.extend(activates.then(|| activate(key.activation)));
    files.push(wgsl!("common/one_pass"));
    files.extend_from_slice(row.wgsl);
    if !row.chooses {
        files.push(wgsl!("common/no_index"));
    }
    files
}

/// What the last step needs to finish outputs and store them.
fn answers(key: &PoolKey, emit: &'static str, format: &Format) -> Vec<&'static str> {
    let mut files = vec![wgsl!("line/answers"), wgsl!("answer/of_op"), emit];
    files.extend(storage_of_output(format, key.aligned_store));
    files.extend_from_slice(match (key.emit, key.aligned_store) {
        (Emit::Indices, true) => &[wgsl!("emit/values_indices"), wgsl!("storage/indices_vec4")],
        (Emit::Indices, false) => &[wgsl!("emit/values_indices"), wgsl!("storage/indices")],
        _ => &[wgsl!("emit/values")],
    });
    files
}
