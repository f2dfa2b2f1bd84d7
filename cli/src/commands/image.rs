//! `plunge image`: pictures by flags.

use plunge::{OpKind, Pooling, Shape, image::Planes};
use serde_json::{Map, Value, json};

use super::{print_json, report};
use crate::{
    Failure,
    args::{ImageArgs, OpArgs, RegionArgs},
    job::Job,
    output::{self, Output},
    picture::{self, Format},
    spec,
};

pub(super) fn run(args: &ImageArgs) -> Result<(), Failure> {
    let pooling = pooling(args)?;
    let format = Format::of(&args.output)?;
    output::keep_inputs([args.output.as_path()], &[&args.input])?;
    let mut file = Output::create(&args.output)?;
    let picture = picture::read_file(&args.input)?;
    let color = picture.image.color();
    let [height, width] = [picture.image.height(), picture.image.width()].map(|size| size as usize);
    let input = Shape::nchw([1, usize::from(color.channel_count()), height, width]);
    let job = Job::new(&pooling, input, false)?;
    if let [height, width] = *job.output_shape().spatial() {
        format.check(color, width, height)?;
    }

    let machine = args.choice.open()?;
    let planes = Planes::new(&picture.image, &pooling.op)?;
    let pooled = job.run(&machine, planes.values())?;
    let result = planes.picture_of(job.output_shape(), &pooled.values)?;

    file.write(|file| format.encode(&result, picture.profile, file))?;
    output::commit(vec![file])?;
    if args.json {
        let mut report = report(&machine, &pooled);
        report["input_shape"] = input.sizes().into();
        report["output_shape"] = job.output_shape().sizes().into();
        report["output"] = args.output.to_string_lossy().into();
        print_json(&report)?;
    }
    Ok(())
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
        ("p", &[OpKind::Lp, OpKind::Gem][..], args.p.clone()),
        ("sigma", &[OpKind::Gaussian], args.sigma.clone()),
        ("r", &[OpKind::LogSumExp], args.r.clone()),
        ("beta", &[OpKind::Soft], args.beta.clone()),
        ("eps", &[OpKind::Gem], args.eps.clone()),
        ("alpha", &[OpKind::Mixed], args.alpha.clone()),
        ("q", &[OpKind::Rank], args.q.clone()),
        ("count_include_pad", &[OpKind::Average], args.count_include_pad.map(Value::from)),
        ("divisor_override", &[OpKind::Average], args.divisor_override.clone()),
        ("sqrt_divisor", &[OpKind::Average], args.sqrt_divisor.map(Value::from)),
    ] {
        if let Some(value) = value {
            if users.iter().all(|user| user.row().name != op) {
                let flag = field.replace('_', "-");
                let users: Vec<&str> = users.iter().map(|user| user.row().name).collect();
                let users = users.join(" and ");
                return Err(Failure::refused(format!("--{flag} is for --op {users}; --op {op} does not use it")));
            }
            fields.insert(field.into(), value);
        }
    }
    for (kind, field) in [
        (OpKind::Lp, "p"),
        (OpKind::Gaussian, "sigma"),
        (OpKind::LogSumExp, "r"),
        (OpKind::Gem, "p"),
        (OpKind::Mixed, "alpha"),
        (OpKind::Rank, "q"),
    ] {
        if op == kind.row().name && !fields.contains_key(field) {
            return Err(Failure::refused(format!("--op {op} needs --{field}")));
        }
    }
    if op == OpKind::Average.row().name {
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
                let region = if args.global { "--global" } else { "--output-size" };
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
        (None, None) => json!("global"),
    })
}
