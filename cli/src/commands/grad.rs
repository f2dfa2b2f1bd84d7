//! `plunge grad`: gradients of a pooling, by a spec.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use plunge::{Element, Region, Request, Shape, reference};
use serde_json::Value;

use super::{print_json, report};
use crate::{
    Failure,
    args::{GradArgs, Layout},
    array,
    backend::{Machine, say},
    job::{Job, Pooled},
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
};

pub(super) fn run(args: &GradArgs) -> Result<(), Failure> {
    if args.layout == Layout::Nhwc {
        return Err(Failure::unsupported("layout nhwc", "this version takes nchw"));
    }
    let mut pooling = spec::read_file(&args.spec)?;
    let asked = [Some(args.output.as_path()), args.grad_weights.as_deref()];
    let side = [&args.side.boxes, &args.side.segments, &args.side.mask, &args.side.weights];
    let given = [&args.spec, &args.input, &args.grad_output];
    let inputs: Vec<&Path> = side.into_iter().flatten().chain(given).map(PathBuf::as_path).collect();
    output::keep_inputs(asked.into_iter().flatten(), &inputs)?;
    let mut outputs = Outputs::default();
    let back_array = outputs.add(&args.output, "grad_x")?;
    let weights_array = args.grad_weights.as_deref().map(|path| outputs.add(path, "grad_weights")).transpose()?;
    let input = array::read_f32(&args.input)?;
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
    let ahead = array::read_f32(&args.grad_output)?;
    if ahead.sizes != expected {
        let (path, sizes) = (args.grad_output.display(), &ahead.sizes);
        return Err(Failure::refused(format!(
            "invalid {path}: an array of {sizes:?}; the output that it is the gradient of is {expected:?}"
        )));
    }
    outputs.declare(back_array, input.element, &input.sizes)?;
    weights_array.map_or(Ok(()), |array| outputs.declare(array, Element::F32, &learned))?;

    let machine = args.choice.open()?;
    say(&format!("{} → {shape}", job.output_shape()));
    job.check_work(&machine)?;
    let started = Instant::now();
    let (values, grads) = (input.values_f32(), ahead.values_f32());
    let (back, of_weights, kernel) = match &machine {
        Machine::Adapter { engine, .. } => {
            let request = Request::new().parameters(args.grad_weights.is_some());
            let found = engine.grad(pooling, shape, &values, &grads, &request, &sides.borrow())?;
            (found.input, found.parameters.unwrap_or_default(), found.kernel.to_string())
        }
        Machine::Reference => {
            let found = reference::grad(pooling, &shape, &values, &grads, &sides.borrow())?;
            #[allow(clippy::cast_possible_truncation, reason = "gradients are f32")]
            let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
            (narrow(found.input), narrow(found.parameters), "reference".into())
        }
    };
    let done = Pooled { values: back, indices: None, detection: None, kernel, elapsed: started.elapsed() };

    outputs.append(back_array, bytemuck::cast_slice(&done.values))?;
    weights_array.map_or(Ok(()), |array| outputs.append(array, bytemuck::cast_slice(&of_weights)))?;
    outputs.commit()?;
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
