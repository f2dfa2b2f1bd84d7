//! `plunge grad`: gradients of a pooling, by a spec.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use plunge::{Region, Request, Shape, reference};
use serde_json::Value;

use super::{print_json, report};
use crate::{
    Failure,
    args::{GradArgs, Layout},
    array,
    backend::{Machine, say},
    job::{Job, Pooled},
    output::{self, Output},
    sides::Sides,
    spec,
};

pub(super) fn run(args: &GradArgs) -> Result<(), Failure> {
    if args.layout == Layout::Nhwc {
        return Err(Failure::unsupported("layout nhwc", "this version takes nchw"));
    }
    let mut pooling = spec::read_file(&args.spec)?;
    let outputs = [Some(args.output.as_path()), args.grad_weights.as_deref()];
    let side = [&args.side.boxes, &args.side.segments, &args.side.mask, &args.side.weights];
    let given = [&args.spec, &args.input, &args.grad_output];
    let inputs: Vec<&Path> = side.into_iter().flatten().chain(given).map(PathBuf::as_path).collect();
    output::keep_inputs(outputs.into_iter().flatten(), &inputs)?;
    let mut back_file = Output::create(&args.output)?;
    let mut weights_file = args.grad_weights.as_deref().map(Output::create).transpose()?;
    if weights_file.as_ref().is_some_and(|weights| weights.same_file(&back_file)) {
        return Err(Failure::refused("the two gradients are the same file; give each its own"));
    }
    let input = array::read_file(&args.input)?;
    let shape = Shape::from_nchw(&input.sizes).map_err(|error| Failure::from(error).of_file(&args.input))?;
    let sides = Sides::read(&args.side, &mut pooling, &shape)?;
    let pooling = &*sides.borrow().resolve(&pooling);
    let learned = sides.weights_sizes().map_or_else(|| vec![1], <[usize]>::to_vec);
    let learns = pooling.op.learns();
    if args.grad_weights.is_some() && !learns {
        let why = "weighted (without a preset) and gated have weights that learn, gem has p";
        return Err(Failure::unsupported(format!("gradients of {}'s weights", pooling.op.kind()), why));
    }
    let job = Job::new(pooling, shape, false, &sides).map_err(|failure| {
        let (n, c, spatial) = (shape.batch(), shape.channels(), shape.spatial());
        failure.with_note(&format!("{} is read as N = {n}, C = {c} and spatial sizes {spatial:?}", args.input.display()))
    })?;
    let mut expected = job.output_shape().sizes();
    if pooling.region == Region::Sequence {
        expected.remove(1);
    }
    let ahead = array::read_file(&args.grad_output)?;
    if ahead.sizes != expected {
        let (path, sizes) = (args.grad_output.display(), &ahead.sizes);
        return Err(Failure::refused(format!(
            "invalid {path}: an array of {sizes:?}; the output that it is the gradient of is {expected:?}"
        )));
    }

    let machine = args.choice.open()?;
    say(&format!("{} → {shape}", job.output_shape()));
    job.check_work(&machine)?;
    let started = Instant::now();
    let (back, of_weights, kernel) = match &machine {
        Machine::Adapter { engine, .. } => {
            let request = Request::new().parameters(args.grad_weights.is_some());
            let found = engine.grad(pooling, shape, &input.values, &ahead.values, &request, &sides.borrow())?;
            (found.input, found.parameters.unwrap_or_default(), found.kernel.to_string())
        }
        Machine::Reference => {
            let found = reference::grad(pooling, &shape, &input.values, &ahead.values, &sides.borrow())?;
            #[allow(clippy::cast_possible_truncation, reason = "gradients are f32")]
            let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
            (narrow(found.input), narrow(found.parameters), "reference".into())
        }
    };
    let done = Pooled { values: back, indices: None, detection: None, kernel, elapsed: started.elapsed() };

    back_file.write(|file| array::write_f32(file, &input.sizes, &done.values))?;
    if let Some(file) = &mut weights_file {
        file.write(|file| array::write_f32(file, &learned, &of_weights))?;
    }
    output::commit([Some(back_file), weights_file].into_iter().flatten().collect())?;
    if args.json {
        let mut report = report(&machine, &done);
        report["input_shape"] = input.sizes.into();
        report["output_shape"] = expected.into();
        report["grad_input"] = args.output.to_string_lossy().into();
        report["grad_weights"] = args.grad_weights.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        print_json(&report)?;
    }
    Ok(())
}
