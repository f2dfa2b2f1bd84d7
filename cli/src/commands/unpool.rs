//! `plunge unpool`: pooled values put back, by a spec.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use plunge::{Error, Shape, reference};

use super::{print_json, report};
use crate::{
    Failure,
    args::{Layout, UnpoolArgs},
    array,
    backend::{Machine, say},
    job::{Job, Pooled},
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
};

pub(super) fn run(args: &UnpoolArgs) -> Result<(), Failure> {
    if args.layout == Layout::Nhwc {
        return Err(Failure::unsupported("layout nhwc", "this version takes nchw"));
    }
    let pooling = spec::read_file(&args.spec)?;
    let given = [Some(&args.spec), Some(&args.values), args.indices.as_ref()];
    let inputs: Vec<&Path> = given.into_iter().flatten().map(PathBuf::as_path).collect();
    output::keep_inputs([args.output.as_path()], &inputs)?;
    let mut outputs = Outputs::default();
    let restored_array = outputs.add(&args.output, "x")?;
    let values = array::read_f32(&args.values)?;
    let pooled = Shape::from_nchw(&values.sizes).map_err(|error| Failure::from(error).of_file(&args.values))?;
    let restored = pooling.unpooled_shape(&pooled, args.output_size.as_deref())?;
    let indices = args.indices.as_ref().map(|path| indices(path, args, &pooled, &restored)).transpose()?;
    let none = Sides::default();
    let job = Job::new(&pooling, restored, false, &none)?;
    let sizes = restored.sizes();
    outputs.declare(restored_array, values.element, &sizes)?;

    let machine = args.choice.open()?;
    say(&format!("{pooled} → {restored}"));
    job.check_work(&machine)?;
    let started = Instant::now();
    let given = values.values_f32();
    let (restored_values, kernel) = match &machine {
        Machine::Adapter { engine, .. } => {
            (engine.unpool(&pooling, pooled, restored, &given, indices.as_deref())?, "unpool".into())
        }
        Machine::Reference => {
            let found = reference::unpool(&pooling, &pooled, &restored, &given, indices.as_deref())?;
            #[allow(clippy::cast_possible_truncation, reason = "values are f32")]
            (found.into_iter().map(|value| value as f32).collect(), "reference".into())
        }
    };
    let done = Pooled { values: restored_values, indices: None, detection: None, kernel, elapsed: started.elapsed() };
    outputs.append(restored_array, bytemuck::cast_slice(&done.values))?;
    outputs.commit()?;
    if args.json {
        let mut report = report(&machine, &done);
        report["input_shape"] = values.sizes.into();
        report["output_shape"] = sizes.into();
        report["output"] = args.output.to_string_lossy().into();
        print_json(&report)?;
    }
    Ok(())
}

/// The indices of a file, as those of one plane each.
fn indices(path: &Path, args: &UnpoolArgs, pooled: &Shape, restored: &Shape) -> Result<Vec<i64>, Failure> {
    let (sizes, given) = array::read_integers_of(path)?;
    if sizes != pooled.sizes() {
        let (path, expected) = (path.display(), pooled.sizes());
        return Err(Failure::refused(format!(
            "invalid {path}: an array of {sizes:?}; it must be {expected:?}, an index for each value"
        )));
    }
    let convention = args.index_convention.map(Into::into).unwrap_or_default();
    let of_plane: usize = pooled.spatial().iter().product();
    let decode = |(at, &index): (usize, &i64)| -> Result<i64, Failure> {
        let found = plunge::IndexConvention::decode(convention, restored, at / of_plane, index).map_err(|error| {
            let error = match error {
                Error::InvalidBinding { binding, expected, actual } => {
                    Error::InvalidBinding { binding, expected, actual: format!("{actual} at element {at}") }
                }
                other => other,
            };
            Failure::from(error).of_file(path)
        })?;
        Ok(found.into())
    };
    given.iter().enumerate().map(decode).collect()
}
