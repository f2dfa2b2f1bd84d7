//! `plunge run`: arrays by a spec.

use plunge::Shape;
use serde_json::Value;

use super::{print_json, report};
use crate::{
    Failure,
    args::{IndexConvention, Layout, RunArgs, SideArgs},
    array,
    backend::say,
    job::Job,
    output::{self, Output},
    spec,
};

pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    refuse_what_nothing_uses(&args.side)?;
    if args.layout == Layout::Nhwc {
        return Err(Failure::unsupported("layout nhwc", "this version takes nchw"));
    }
    if let Some(IndexConvention::OnnxRowMajor | IndexConvention::OnnxColumnMajor | IndexConvention::Tensorflow) =
        args.index_convention
    {
        return Err(Failure::unsupported("this index convention", "this version writes per_plane indices"));
    }
    let pooling = spec::read_file(&args.spec)?;
    let outputs = [Some(args.output.as_path()), args.indices.as_deref()];
    output::keep_inputs(outputs.into_iter().flatten(), &[&args.spec, &args.input])?;
    let mut values_file = Output::create(&args.output)?;
    let mut indices_file = args.indices.as_deref().map(Output::create).transpose()?;
    if indices_file.as_ref().is_some_and(|indices| indices.same_file(&values_file)) {
        return Err(Failure::refused("the output and the indices are the same file; give each its own"));
    }
    let input = array::read_file(&args.input)?;
    let shape = Shape::from_nchw(&input.sizes).map_err(|error| Failure::from(error).of_file(&args.input))?;
    let job = Job::new(&pooling, shape, args.indices.is_some()).map_err(|failure| {
        let (n, c, spatial) = (shape.batch(), shape.channels(), shape.spatial());
        failure.with_note(&format!("{} is read as N = {n}, C = {c} and spatial sizes {spatial:?}", args.input.display()))
    })?;

    let machine = args.choice.open()?;
    say(&format!("{shape} → {}", job.output_shape()));
    let pooled = job.run(&machine, &input.values)?;

    let sizes = job.output_shape().sizes();
    values_file.write(|file| array::write_f32(file, &sizes, &pooled.values))?;
    if let (Some(file), Some(indices)) = (&mut indices_file, &pooled.indices) {
        file.write(|file| array::write_i64(file, &sizes, indices))?;
    }
    output::commit([Some(values_file), indices_file].into_iter().flatten().collect())?;
    if args.json {
        let mut report = report(&machine, &pooled);
        report["input_shape"] = input.sizes.into();
        report["output_shape"] = sizes.into();
        report["output"] = args.output.to_string_lossy().into();
        report["indices"] = args.indices.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        print_json(&report)?;
    }
    Ok(())
}

/// Every side file belongs to a region or op that this version does not have.
fn refuse_what_nothing_uses(side: &SideArgs) -> Result<(), Failure> {
    for (flag, file, user) in [
        ("--boxes", &side.boxes, "roi_pool and roi_align"),
        ("--segments", &side.segments, "segments"),
        ("--mask", &side.mask, "sequence"),
        ("--weights", &side.weights, "weighted and gated"),
    ] {
        if let Some(path) = file {
            let path = path.display();
            return Err(Failure::refused(format!(
                "invalid {flag} {path}: a side file that nothing uses; it is for {user}, which this version does not have"
            )));
        }
    }
    Ok(())
}
