//! `plunge grad`: gradients of a pooling, by a spec.

use std::path::{Path, PathBuf};

use plunge::{Element, reference};
use serde_json::Value;

use super::{axes_of, print_json, report};
use crate::{
    Failure,
    args::GradArgs,
    array,
    backend::{Machine, say},
    job::{Done, Job, engine_failed},
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
    types::Types,
};

pub(super) fn run(args: &GradArgs) -> Result<(), Failure> {
    let mut pooling = spec::read_file(&args.spec)?;
    let asked = [Some(args.output.as_path()), args.grad_weights.as_deref()];
    let side = [&args.side.boxes, &args.side.segments, &args.side.mask, &args.side.weights];
    let given = [&args.spec, &args.input, &args.grad_output];
    let inputs: Vec<&Path> = side.into_iter().flatten().chain(given).map(PathBuf::as_path).collect();
    output::keep_inputs(asked.into_iter().flatten(), &inputs)?;
    let mut outputs = Outputs::default();
    let back_array = outputs.add(&args.output, "grad_x")?;
    let weights_array = args.grad_weights.as_deref().map(|path| outputs.add(path, "grad_weights")).transpose()?;
    let mut input = array::open(&args.input)?;
    let types = Types::backward(input.element()?, &args.types)?;
    let shape = axes_of(&args.input, args.layout, input.sizes())?;
    let sides = Sides::read(&args.side, &mut pooling, &shape)?;
    let pooling = &*sides.borrow().resolve(&pooling);
    let learned = sides.weights_sizes().map_or_else(|| vec![1], <[usize]>::to_vec);
    let learns = pooling.op.learns();
    if weights_array.is_some() && !learns {
        let why = "weighted (without a preset) and gated have weights that learn, gem has p";
        return Err(Failure::unsupported(format!("gradients of {}'s weights", pooling.op.kind()), why));
    }
    // What is learned is added up over all images.
    let job = Job::new(pooling, shape, types, &sides)
        .map_err(|failure| failure.with_note(&super::read_as(&args.input, &shape)))?
        .whole(weights_array.is_some());
    let expected = super::sizes_of(&pooling.region, &job.output_shape());
    let mut ahead = open_ahead(&args.grad_output, &expected, &types)?;
    outputs.declare(back_array, types.output, input.sizes())?;
    weights_array.map_or(Ok(()), |array| outputs.declare(array, Element::F32, &learned))?;

    let machine = args.choice.open()?;
    say(&format!("{} → {shape}", job.output_shape()));
    let progress = job.progress("gradients");
    let (mut done, mut values, mut grads) = (Done::default(), Vec::new(), Vec::new());
    let gradients = (input.elements() + ahead.elements()) * types.output.bytes();
    for units in job.groups(&machine, input.elements() * types.input.bytes() + gradients)? {
        let [own, of_output] = [job.part_of(&shape, units)?, job.part_of(&job.output_shape(), units)?];
        input.part(own.elements(), &mut values)?;
        ahead.part(of_output.elements(), &mut grads)?;
        let (back, of_weights) = done.time(|| match &machine {
            Machine::Adapter { engine, .. } => {
                let request = types.request().parameters(weights_array.is_some());
                let found = engine.grad_bytes(pooling, own, &values, &grads, &request, &sides.borrow());
                let found = found.map_err(|error| engine_failed(engine, error))?;
                Ok(((found.input, found.parameters.unwrap_or_default()), found.kernel.to_string()))
            }
            Machine::Reference => {
                let (reals, grads) = (types.reals(&values), types.output.decode(&grads));
                let found = reference::grad(pooling, &own, &reals, &grads, &sides.borrow())?;
                #[allow(clippy::cast_possible_truncation, reason = "gradients of weights are f32")]
                let of_weights = found.parameters.into_iter().map(|value| value as f32).collect();
                Ok(((types.output.encode(found.input), of_weights), "reference".into()))
            }
        })?;
        outputs.append(back_array, &back)?;
        weights_array.map_or(Ok(()), |array| outputs.append(array, bytemuck::cast_slice(&of_weights)))?;
        progress.advance(units);
    }
    outputs.commit()?;
    if args.json {
        let mut report = report(&machine, &done);
        report["input_shape"] = input.sizes().into();
        report["output_shape"] = expected.into();
        report["output_type"] = types.output.name().into();
        report["grad_input"] = args.output.to_string_lossy().into();
        report["grad_weights"] = args.grad_weights.as_ref().map_or(Value::Null, |path| path.to_string_lossy().into());
        print_json(&report)?;
    }
    Ok(())
}

/// Opens the gradient of an output of these sizes.
fn open_ahead(path: &Path, expected: &[usize], types: &Types) -> Result<array::Source<'static>, Failure> {
    let ahead = array::open(path)?;
    let (sizes, element) = (ahead.sizes(), ahead.element()?);
    let refused = |why: String| Failure::refused(format!("invalid {}: {why}", path.display()));
    if sizes != expected {
        return Err(refused(format!("an array of {sizes:?}; the output that it is the gradient of is {expected:?}")));
    }
    if element != types.output {
        let (input, wanted) = (types.input, types.output);
        return Err(refused(format!("elements of {element}; gradients of an input of {input} must be {wanted} here")));
    }
    Ok(ahead)
}
