//! `plunge run`: arrays by a spec.

use std::path::{Path, PathBuf};

use plunge::{IndexConvention, Region, Shape};
use serde_json::Value;

use super::{print_json, report};
use crate::{
    Failure,
    args::{Layout, RunArgs},
    array::{self, Dtype},
    backend::say,
    job::Job,
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
};

pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    if args.layout == Layout::Nhwc {
        return Err(Failure::unsupported("layout nhwc", "this version takes nchw"));
    }
    let mut pooling = spec::read_file(&args.spec)?;
    let asked = [Some(args.output.as_path()), args.indices.as_deref(), args.detection.as_deref()];
    let side = [&args.side.boxes, &args.side.segments, &args.side.mask, &args.side.weights];
    let inputs: Vec<&Path> = side.into_iter().flatten().chain([&args.spec, &args.input]).map(PathBuf::as_path).collect();
    output::keep_inputs(asked.into_iter().flatten(), &inputs)?;
    let mut outputs = Outputs::default();
    let values_array = outputs.add(&args.output, "y")?;
    let indices_array = args.indices.as_deref().map(|path| outputs.add(path, "indices")).transpose()?;
    let detection_array = args.detection.as_deref().map(|path| outputs.add(path, "detection")).transpose()?;
    let input = array::read_f32(&args.input)?;
    let shape = Shape::from_nchw(&input.sizes).map_err(|error| Failure::from(error).of_file(&args.input))?;
    let sides = Sides::read(&args.side, &mut pooling, &shape)?;
    let pooling = &*sides.borrow().resolve(&pooling);
    let job = Job::new(pooling, shape, args.indices.is_some(), &sides)
        .and_then(|job| job.detection(args.detection.is_some()))
        .map_err(|failure| {
            let (n, c, spatial) = (shape.batch(), shape.channels(), shape.spatial());
            failure.with_note(&format!("{} is read as N = {n}, C = {c} and spatial sizes {spatial:?}", args.input.display()))
        })?;

    let mut sizes = job.output_shape().sizes();
    if pooling.region == Region::Sequence {
        // [B, 1, D], the tokens being one.
        sizes.remove(1);
    }
    outputs.declare(values_array, input.element, &sizes)?;
    for (array, dtype, sizes) in [(indices_array, Dtype::I64, &sizes), (detection_array, input.element.into(), &input.sizes)] {
        array.map_or(Ok(()), |array| outputs.declare(array, dtype, sizes))?;
    }

    let machine = args.choice.open()?;
    say(&format!("{shape} → {}", job.output_shape()));
    let mut pooled = job.run(&machine, &input.values_f32())?;
    if let Some(indices) = &mut pooled.indices {
        let convention = args.index_convention.map(IndexConvention::from).unwrap_or_default();
        encode(convention, &shape, job.output_shape(), sides.borrow().boxes, indices);
    }

    outputs.append(values_array, bytemuck::cast_slice(&pooled.values))?;
    if let (Some(array), Some(indices)) = (indices_array, &pooled.indices) {
        outputs.append(array, bytemuck::cast_slice(indices))?;
    }
    if let (Some(array), Some(detection)) = (detection_array, &pooled.detection) {
        outputs.append(array, bytemuck::cast_slice(detection))?;
    }
    outputs.commit()?;
    if args.json {
        let mut report = report(&machine, &pooled);
        report["input_shape"] = input.sizes.into();
        report["output_shape"] = sizes.into();
        report["output"] = args.output.to_string_lossy().into();
        report["indices"] = args.indices.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        report["detection"] = args.detection.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        print_json(&report)?;
    }
    Ok(())
}

/// Turns indices of planes, -1 for none, into those of another convention. The bins of a box lie in planes of its image.
fn encode(convention: IndexConvention, shape: &Shape, output: Shape, boxes: Option<&[[f32; 5]]>, indices: &mut [i64]) {
    let of_plane = output.spatial().iter().product::<usize>().max(1);
    for (at, index) in indices.iter_mut().enumerate() {
        let plane = at / of_plane;
        let plane = match boxes {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a batch")]
            Some(boxes) => {
                let own = boxes.get(plane / output.channels().max(1)).map_or(0, |row| row[0] as usize);
                own * shape.channels() + plane % output.channels().max(1)
            }
            None => plane,
        };
        if let Ok(own) = u32::try_from(*index) {
            *index = convention.encode(shape, plane, own);
        }
    }
}
