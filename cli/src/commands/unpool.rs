//! `plunge unpool`: pooled values put back, by a spec.

use std::path::{Path, PathBuf};

use plunge::{Error, IndexConvention, Shape, reference};

use super::{axes_of, print_json, report};
use crate::{
    Failure,
    args::UnpoolArgs,
    array::{self, Source},
    backend::{Machine, say},
    job::{Done, Job, engine_failed},
    output,
    outputs::Outputs,
    sides::Sides,
    spec,
    types::Types,
};

pub(super) fn run(args: &UnpoolArgs) -> Result<(), Failure> {
    let pooling = spec::read_file(&args.spec)?;
    let given = [Some(&args.spec), Some(&args.values), args.indices.as_ref()];
    let inputs: Vec<&Path> = given.into_iter().flatten().map(PathBuf::as_path).collect();
    output::keep_inputs([args.output.as_path()], &inputs)?;
    let mut outputs = Outputs::default();
    let restored_array = outputs.add(&args.output, "x")?;
    let mut values = array::open(&args.values)?;
    let types = Types::forward(values.element()?, &args.types, None)?;
    let pooled = axes_of(&args.values, args.layout, values.sizes())?;
    let restored = pooling.unpooled_shape(&pooled, args.output_size.as_deref())?;
    let convention = args.index_convention.map(IndexConvention::from).unwrap_or_default();
    let mut indices = args.indices.as_deref().map(|path| Indices::open(path, convention, pooled, restored)).transpose()?;
    let none = Sides::default();
    let job = Job::new(&pooling, restored, types, &none)?;
    let sizes = restored.stored_sizes();
    outputs.declare(restored_array, types.output, &sizes)?;

    let machine = args.choice.open()?;
    say(&format!("{pooled} → {restored}"));
    let progress = job.progress("putting back");
    let (mut done, mut bytes) = (Done::default(), Vec::new());
    let of_values = values.elements() * (types.input.bytes() + if indices.is_some() { 8 } else { 0 });
    for units in job.groups(&machine, of_values + restored.elements() * types.output.bytes())? {
        let [from, to] = [job.part_of(&pooled, units)?, job.part_of(&restored, units)?];
        values.part(from.elements(), &mut bytes)?;
        let indices = indices.as_mut().map(|indices| indices.next(from.elements())).transpose()?;
        let back = done.time(|| match &machine {
            Machine::Adapter { engine, .. } => {
                let found = engine.unpool_bytes(&pooling, from, to, &bytes, indices.as_deref(), &types.request());
                Ok((found.map_err(|error| engine_failed(engine, error))?, "unpool".into()))
            }
            Machine::Reference => {
                let found = reference::unpool(&pooling, &from, &to, &types.reals(&bytes), indices.as_deref())?;
                Ok((types.stored(&pooling, found), "reference".into()))
            }
        })?;
        outputs.append(restored_array, &back)?;
        progress.advance(units);
    }
    outputs.commit()?;
    if args.json {
        let mut report = report(&machine, &done);
        report["input_shape"] = values.sizes().into();
        report["output_shape"] = sizes.into();
        report["output_type"] = types.output.name().into();
        report["output"] = args.output.to_string_lossy().into();
        print_json(&report)?;
    }
    Ok(())
}

/// The indices of a file, which come as those of one plane each.
struct Indices<'a> {
    path: &'a Path,
    source: Source<'static>,
    convention: IndexConvention,
    pooled: Shape,
    restored: Shape,
    /// How many were read.
    before: usize,
}

impl<'a> Indices<'a> {
    fn open(path: &'a Path, convention: IndexConvention, pooled: Shape, restored: Shape) -> Result<Self, Failure> {
        let source = array::open(path)?.only_whole_numbers()?;
        if source.sizes() != pooled.stored_sizes() {
            let (path, sizes, expected) = (path.display(), source.sizes(), pooled.stored_sizes());
            return Err(Failure::refused(format!(
                "invalid {path}: an array of {sizes:?}; it must be {expected:?}, an index for each value"
            )));
        }
        Ok(Self { path, source, convention, pooled, restored, before: 0 })
    }

    /// The next so many.
    fn next(&mut self, count: usize) -> Result<Vec<i64>, Failure> {
        let given = self.source.part_of_numbers(count)?;
        let before = self.before;
        self.before += given.len();
        let decode = |(at, &index): (usize, &i64)| -> Result<i64, Failure> {
            let [image, channel] = super::plane_of(&self.pooled, at);
            let plane = image * self.pooled.channels() + channel;
            let found = self.convention.decode(&self.restored, plane, index).map_err(|error| {
                let error = match error {
                    Error::InvalidBinding { binding, expected, actual } => {
                        Error::InvalidBinding { binding, expected, actual: format!("{actual} at element {at}") }
                    }
                    other => other,
                };
                Failure::from(error).of_file(self.path)
            })?;
            Ok(found.into())
        };
        (before..).zip(&given).map(decode).collect()
    }
}
