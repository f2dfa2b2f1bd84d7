//! `plunge image`: pictures by flags.

use std::{collections::HashMap, path::Path};

use plunge::{Pooling, Shape, image::Planes};
use serde_json::{Map, Value, json};

use super::{print_json, report};
use crate::{
    Failure,
    args::{ImageArgs, OpArgs, RegionArgs},
    job::Job,
    output::{self, Output},
    picture::{self, Format},
    sides::Sides,
    spec,
};

pub(super) fn run(args: &ImageArgs) -> Result<(), Failure> {
    let pooling = pooling(args)?;
    let format = Format::of(&args.output)?;
    let labels = args.region.segments.as_deref();
    let inputs: Vec<&Path> = labels.into_iter().chain([args.input.as_path()]).collect();
    output::keep_inputs([args.output.as_path()], &inputs)?;
    let mut file = Output::create(&args.output)?;
    let picture = picture::read_file(&args.input)?;
    let color = picture.image.color();
    let [height, width] = [picture.image.height(), picture.image.width()].map(|size| size as usize);
    let input = Shape::nchw([1, usize::from(color.channel_count()), height, width]);
    let labels = labels.map(|path| labels_of(path, [height, width])).transpose()?;
    let sides = labels.clone().map_or_else(Sides::default, Sides::of_labels);
    let pooling = &*sides.borrow().resolve(&pooling);
    let job = Job::new(pooling, input, false, &sides)?;
    let output = if labels.is_some() { input } else { job.output_shape() };
    if let [height, width] = *output.spatial() {
        format.check(color, width, height)?;
    }

    let machine = args.choice.open()?;
    let planes = Planes::new(&picture.image, &pooling.op)?;
    let pooled = job.run(&machine, planes.values())?;
    let values = labels.map_or_else(|| pooled.values.clone(), |labels| painted(&labels, &pooled.values, job.output_shape()));
    let result = planes.picture_of(output, &values)?;

    file.write(|file| format.encode(&result, picture.profile, file))?;
    output::commit(vec![file])?;
    if args.json {
        let mut report = report(&machine, &pooled);
        report["input_shape"] = input.sizes().into();
        report["output_shape"] = output.sizes().into();
        report["output"] = args.output.to_string_lossy().into();
        print_json(&report)?;
    }
    Ok(())
}

/// A label for each pixel of a picture of `size`, the same for those of one colour.
fn labels_of(path: &Path, size: [usize; 2]) -> Result<Vec<i32>, Failure> {
    let image = picture::read_file(path)?.image.into_rgba16();
    let own = [image.height(), image.width()].map(|side| side as usize);
    if own != size {
        let ([high, wide], [height, width]) = (own, size);
        let path = path.display();
        return Err(Failure::refused(format!(
            "invalid --segments {path}: {high} x {wide} pixels; the picture has {height} x {width}"
        )));
    }
    let mut numbers = HashMap::new();
    let number = |pixel: &image::Rgba<u16>| {
        let next = numbers.len();
        i32::try_from(*numbers.entry(pixel.0).or_insert(next)).unwrap_or(i32::MAX)
    };
    Ok(image.pixels().map(number).collect())
}

/// Every pixel of every channel with its segment's value.
fn painted(labels: &[i32], values: &[f32], segments: Shape) -> Vec<f32> {
    let count = segments.spatial().iter().product::<usize>().max(1);
    let of = |channel: &[f32], label: i32| usize::try_from(label).ok().and_then(|label| channel.get(label).copied());
    values.chunks(count).flat_map(|channel| labels.iter().map(move |&label| of(channel, label).unwrap_or_default())).collect()
}

/// Reads the flags as the spec that they spell, so that specs and flags mean the same and are refused alike.
fn pooling(args: &ImageArgs) -> Result<Pooling, Failure> {
    let op = op_fields(&args.op, &args.parameters)?;
    let region = region(&args.region)?;
    let spec = json!({"op": {&args.op: op}, "region": region, "activation": args.activation});
    serde_json::from_value(spec).map_err(|error| match spec::refusal(&error) {
        Failure::Refused(sentence) => Failure::Refused(sentence.replacen("malformed spec: ", "invalid flags: ", 1)),
        other => other,
    })
}

fn op_fields(op: &str, args: &OpArgs) -> Result<Value, Failure> {
    let mut fields = Map::new();
    for (field, users, value) in [
        ("p", &["lp", "gem"][..], args.p.clone()),
        ("sigma", &["gaussian"], args.sigma.clone()),
        ("r", &["log_sum_exp"], args.r.clone()),
        ("beta", &["soft"], args.beta.clone()),
        ("eps", &["gem"], args.eps.clone()),
        ("alpha", &["mixed"], args.alpha.clone()),
        ("q", &["rank"], args.q.clone()),
        ("count_include_pad", &["average"], args.count_include_pad.map(Value::from)),
        ("divisor_override", &["average"], args.divisor_override.clone()),
        ("sqrt_divisor", &["average"], args.sqrt_divisor.map(Value::from)),
        ("preset", &["weighted"], args.preset.clone().map(Value::from)),
        ("normalize", &["weighted"], args.normalize.map(Value::from)),
        ("seed", &["stochastic", "probabilistic_max"], args.seed.map(Value::from)),
        ("mode", &["stochastic", "probabilistic_max"], args.mode.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            if !users.contains(&op) {
                let flag = field.replace('_', "-");
                let users = users.join(" and ");
                return Err(Failure::refused(format!("--{flag} is for --op {users}; --op {op} does not use it")));
            }
            fields.insert(field.into(), value);
        }
    }
    for (name, field) in [
        ("lp", "p"),
        ("gaussian", "sigma"),
        ("log_sum_exp", "r"),
        ("gem", "p"),
        ("mixed", "alpha"),
        ("rank", "q"),
        ("weighted", "preset"),
        ("stochastic", "seed"),
        ("stochastic", "mode"),
    ] {
        if op == name && !fields.contains_key(field) {
            return Err(Failure::refused(format!("--op {op} needs --{field}")));
        }
    }
    if op == "average" {
        // Counted padding would darken a picture's edge.
        fields.entry("count_include_pad").or_insert(false.into());
    }
    Ok(fields.into())
}

fn region(args: &RegionArgs) -> Result<Value, Failure> {
    let mut window = Map::new();
    for (field, value) in [
        ("stride", args.stride.clone()),
        ("padding", args.padding.clone()),
        ("dilation", args.dilation.clone()),
        ("ceil_mode", args.ceil_mode.map(Value::from)),
        ("padding_mode", args.padding_mode.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            if args.kernel_size.is_none() {
                let region = match &args.segments {
                    Some(_) => "--segments",
                    None if args.global => "--global",
                    None => "--output-size",
                };
                let flag = field.replace('_', "-");
                return Err(Failure::refused(format!("--{flag} is for windows, --kernel-size; {region} does not use it")));
            }
            window.insert(field.into(), value);
        }
    }
    Ok(match (&args.kernel_size, &args.output_size) {
        (Some(kernel_size), _) => {
            window.insert("kernel_size".into(), kernel_size.clone());
            json!({"window": window})
        }
        (None, Some(output_size)) => json!({"adaptive": {"output_size": output_size}}),
        // How many there are is for the picture of labels to say.
        (None, None) if args.segments.is_some() => json!("segments"),
        (None, None) => json!("global"),
    })
}
