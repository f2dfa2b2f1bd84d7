//! The flags of `plunge image`.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args};
use plunge::Pooling;
use serde_json::{Map, Value, json};

use super::values::{Json, number, number_or_inf, padding, sizes};
use crate::{Failure, backend::Choice, spec};

const IMAGE_EXAMPLES: &str = "\
Examples:
  plunge image photo.jpg -o half.png --op average --kernel-size 2
  plunge image photo.png -o edges.png --op std --kernel-size 3 --stride 1 --padding same_upper
  plunge image scan.png -o wide.png --op max --kernel-size 3x5 --stride 1 --padding 1x2
  plunge image photo.webp -o thumbnail.webp --op gaussian --sigma 4 --output-size 120x160
  plunge image photo.png -o mean.png --op average --global --backend cpu
  plunge image photo.png -o blurred.png --op weighted --preset binomial --kernel-size 5 --stride 1 --padding 2 --padding-mode reflect
  plunge image photo.png -o painted.png --op median --segments superpixels.png
  plunge image photos -o thumbnails --op average --output-size 90x120
  plunge image a.png b.jpg c.webp -o smaller --op max --kernel-size 2

Several pictures, or those of a folder, go to the folder OUT, which is made where there is none. They keep their names, and their formats where \
these can be written, else they become .png. Of a folder the files are taken whose extension is that of a picture, not its subfolders. All \
the pictures of a command appear, or where one cannot be read none.

Stored values are pooled as they are, without gamma conversion; bit depth, colour and alpha are kept, and results are \
rounded half to even and saturated. max, min, rank, median, first and last pool straight colour, every other op premultiplied colour. Palettes and \
pictures of fewer than 8 bits a channel widen to 8 bits. A picture is turned as its EXIF says. Of the formats written, \
png holds everything; webp is lossless, 8 bits; bmp holds 8 bits; jpg holds 8 bits without alpha, at quality 95.

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.";

/// `plunge image`
#[derive(Debug, Args)]
#[command(
    after_help = IMAGE_EXAMPLES,
    group = ArgGroup::new("region").required(true).args(["kernel_size", "output_size", "global", "segments"])
)]
pub(crate) struct ImageArgs {
    /// Pictures to pool, PNG, JPEG, WebP or BMP, or folders of them.
    #[arg(value_name = "IN", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Picture to write; its extension says how: png, jpg, webp or bmp. Of several pictures, the folder to write them to.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Statistic of each region: max, min, sum, average, lp, gaussian, std, variance, log_sum_exp, soft, gem, mixed, first,
    /// last, rank, median, weighted, stochastic or probabilistic_max.
    #[arg(long)]
    pub(crate) op: String,
    /// Function that each stored value passes through first: relu, leaky_relu, sigmoid or tanh.
    #[arg(long)]
    pub(crate) activation: Option<String>,
    /// Describe what was done as JSON on stdout; of several pictures, as a list.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) region: RegionArgs,
    #[command(flatten)]
    pub(crate) parameters: OpArgs,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

/// The flags that say which values one output summarises.
#[derive(Debug, Args)]
#[command(next_help_heading = "Region, one of --kernel-size, --output-size, --global and --segments")]
pub(crate) struct RegionArgs {
    /// Windows of this size, one number or high x wide.
    #[arg(long, value_name = "H[xW]", value_parser = sizes)]
    pub(crate) kernel_size: Option<Json>,
    /// Distance between neighbouring windows [default: the kernel size].
    #[arg(long, value_name = "H[xW]", value_parser = sizes)]
    pub(crate) stride: Option<Json>,
    /// Absent values around the picture: 1, 1x2, begin:end as in 0:1x0:1, same_upper, same_lower or valid [default: 0].
    #[arg(long, value_name = "H[xW]", value_parser = padding)]
    pub(crate) padding: Option<Json>,
    /// What stands in the padding: ignore (nothing), reflect (the picture mirrored) or edge (its edge repeated) [default: ignore].
    #[arg(long, value_name = "MODE", value_parser = ["ignore", "reflect", "edge"])]
    pub(crate) padding_mode: Option<String>,
    /// Distance between neighbouring taps [default: 1].
    #[arg(long, value_name = "H[xW]", value_parser = sizes)]
    pub(crate) dilation: Option<Json>,
    /// Keep a last, smaller window where the size does not divide.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) ceil_mode: Option<bool>,
    /// Bins of a grid, whatever the picture's size: adaptive pooling.
    #[arg(long, value_name = "H[xW]", value_parser = sizes)]
    pub(crate) output_size: Option<Json>,
    /// The whole picture, to one pixel.
    #[arg(long, action = ArgAction::SetTrue)]
    pub(crate) global: bool,
    /// The pixels that have one colour in this picture of the same size: each is painted with what its segment pools to.
    #[arg(long, value_name = "LABELS.png")]
    pub(crate) segments: Option<PathBuf>,
}

/// The flags that are an op's fields.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parameters of the op")]
pub(crate) struct OpArgs {
    /// lp: exponent, at least 1, or inf; gem: exponent, at least 1.
    #[arg(long, value_name = "NUMBER|inf", value_parser = number_or_inf, allow_negative_numbers = true)]
    pub(crate) p: Option<Json>,
    /// gaussian: standard deviation in pixels, above 0.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) sigma: Option<Json>,
    /// log_sum_exp: sharpness, above 0.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) r: Option<Json>,
    /// soft: sharpness [default: 1].
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) beta: Option<Json>,
    /// gem: floor of the values, above 0 [default: 1e-6].
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) eps: Option<Json>,
    /// rank: place in order, 0 (smallest) to 1 (largest).
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) q: Option<Json>,
    /// mixed: share of the maximum, 0 to 1.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) alpha: Option<Json>,
    /// average: count padding towards the divisor [default: false].
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) count_include_pad: Option<bool>,
    /// average: divide by this in place of the number of taps; not 0.
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    pub(crate) divisor_override: Option<Json>,
    /// average: divide by the root of the number of taps.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) sqrt_divisor: Option<bool>,
    /// weighted: where the weights come from; binomial blurs.
    #[arg(long, value_parser = ["binomial"])]
    pub(crate) preset: Option<String>,
    /// weighted: divide by the sum of the weights [default: true].
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) normalize: Option<bool>,
    /// stochastic, probabilistic_max: what the draws depend on.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// stochastic: draw a value, or answer the mean of all draws; probabilistic_max: probabilities, or drawn states.
    #[arg(long, value_parser = ["sample", "expectation", "probabilities"])]
    pub(crate) mode: Option<String>,
}

impl ImageArgs {
    /// Reads the flags as the spec that they spell, so that specs and flags mean the same and are refused alike.
    pub(crate) fn pooling(&self) -> Result<Pooling, Failure> {
        let op = op_fields(&self.op, &self.parameters)?;
        let region = region(&self.region)?;
        let spec = json!({"op": {&self.op: op}, "region": region, "activation": self.activation});
        serde_json::from_value(spec).map_err(|error| match spec::refusal(&error) {
            Failure::Refused(sentence) => Failure::Refused(sentence.replacen("malformed spec: ", "invalid flags: ", 1)),
            other => other,
        })
    }
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
