//! `plunge run`: arrays by a spec.

use std::path::{Path, PathBuf};

use plunge::{Element, IndexConvention, Shape};
use serde_json::Value;

use super::{axes_of, print_json, report};
use crate::{
    Failure,
    args::RunArgs,
    array::{self, Dtype},
    backend::say,
    job::Job,
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
    types::{Types, quantization},
};

pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let mut pooling = spec::read_file(&args.spec)?;
    let asked = [Some(args.output.as_path()), args.indices.as_deref(), args.detection.as_deref()];
    let side = [&args.side.boxes, &args.side.segments, &args.side.mask, &args.side.weights];
    let inputs: Vec<&Path> = side.into_iter().flatten().chain([&args.spec, &args.input]).map(PathBuf::as_path).collect();
    output::keep_inputs(asked.into_iter().flatten(), &inputs)?;
    let mut outputs = Outputs::default();
    let values_array = outputs.add(&args.output, "y")?;
    let indices_array = args.indices.as_deref().map(|path| outputs.add(path, "indices")).transpose()?;
    let detection_array = args.detection.as_deref().map(|path| outputs.add(path, "detection")).transpose()?;
    let mut input = array::open(&args.input)?;
    let types = Types::forward(input.element()?, &args.types, quantization(args.output_scale, args.output_zero_point))?;
    let shape = axes_of(&args.input, args.layout, input.sizes())?;
    let sides = Sides::read(&args.side, &mut pooling, &shape)?;
    let pooling = &*sides.borrow().resolve(&pooling);
    let job = Job::new(pooling, shape, types, &sides)
        .and_then(|job| job.indices(args.indices.is_some()))
        .and_then(|job| job.detection(args.detection.is_some()))
        .map_err(|failure| failure.with_note(&super::read_as(&args.input, &shape)))?;

    let sizes = super::sizes_of(&pooling.region, &job.output_shape());
    outputs.declare(values_array, types.output, &sizes)?;
    let beside = [(indices_array, Dtype::I64, &sizes[..]), (detection_array, Element::F32.into(), input.sizes())];
    for (array, dtype, sizes) in beside {
        array.map_or(Ok(()), |array| outputs.declare(array, dtype, sizes))?;
    }

    let machine = args.choice.open()?;
    say(&format!("{shape} → {}", job.output_shape()));
    let input_sizes = input.sizes().to_vec();
    let convention = args.index_convention.map(IndexConvention::from).unwrap_or_default();
    let done = job.run(
        &machine,
        &job.progress("pooling"),
        |count, part| input.part(count, part).map(|_| ()),
        |before, mut pooled| {
            outputs.append(values_array, &pooled.values)?;
            if let (Some(array), Some(indices)) = (indices_array, &mut pooled.indices) {
                encode(convention, &shape, job.output_shape(), sides.borrow().boxes, before, indices);
                outputs.append(array, bytemuck::cast_slice(indices))?;
            }
            match (detection_array, &pooled.detection) {
                (Some(array), Some(detection)) => outputs.append(array, bytemuck::cast_slice(detection)),
                _ => Ok(()),
            }
        },
    )?;
    outputs.commit()?;
    if args.json {
        let mut report = report(&machine, &done);
        report["input_shape"] = input_sizes.into();
        report["output_shape"] = sizes.into();
        report["output_type"] = types.output.name().into();
        report["output"] = args.output.to_string_lossy().into();
        report["indices"] = args.indices.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        report["detection"] = args.detection.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        print_json(&report)?;
    }
    Ok(())
}

/// Turns indices of planes, -1 for none, into those of another convention; `before` outputs came before them. The bins of a box lie in planes of
/// its image.
fn encode(
    convention: IndexConvention,
    shape: &Shape,
    output: Shape,
    boxes: Option<&[[f32; 5]]>,
    before: usize,
    indices: &mut [i64],
) {
    for (at, index) in (before..).zip(indices) {
        let [row, channel] = super::plane_of(&output, at);
        let image = match boxes {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a batch")]
            Some(boxes) => boxes.get(row).map_or(0, |row| row[0] as usize),
            None => row,
        };
        if let Ok(own) = u32::try_from(*index) {
            *index = convention.encode(shape, image * shape.channels() + channel, own);
        }
    }
}
