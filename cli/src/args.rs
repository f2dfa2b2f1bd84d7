//! The command line's grammar.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::backend::Choice;

/// Switches that also take `true` or `false`.
const SWITCHES: [&str; 4] = ["--ceil-mode", "--count-include-pad", "--sqrt-divisor", "--normalize"];

/// Pool pictures and arrays on any GPU.
#[derive(Debug, Parser)]
#[command(name = "plunge", version, about, max_term_width = 110, after_help = EXAMPLES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  plunge adapters
  plunge image photo.jpg -o small.png --op max --kernel-size 3 --stride 2 --padding 1
  plunge run spec.json x.npy -o y.npy

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.
An output file appears whole or not at all.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pool a picture.
    Image(Box<ImageArgs>),
    /// Pool an array by a spec.
    Run(Box<RunArgs>),
    /// Gradients of a pooling, by a spec.
    Grad(Box<GradArgs>),
    /// Put pooled values back, by a spec.
    Unpool(Box<UnpoolArgs>),
    /// Time the catalogue of workloads (not in this version).
    Bench(Later),
    /// What is here and what it can do.
    Adapters(AdaptersArgs),
    /// Completions for a shell, on stdout.
    Completions(CompletionsArgs),
}

const IMAGE_EXAMPLES: &str = "\
Examples:
  plunge image photo.jpg -o half.png --op average --kernel-size 2
  plunge image photo.png -o edges.png --op std --kernel-size 3 --stride 1 --padding same_upper
  plunge image scan.png -o wide.png --op max --kernel-size 3x5 --stride 1 --padding 1x2
  plunge image photo.webp -o thumbnail.webp --op gaussian --sigma 4 --output-size 120x160
  plunge image photo.png -o mean.png --op average --global --backend cpu
  plunge image photo.png -o blurred.png --op weighted --preset binomial --kernel-size 5 --stride 1 --padding 2 --padding-mode reflect
  plunge image photo.png -o painted.png --op median --segments superpixels.png

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
    /// Picture to pool: PNG, JPEG, WebP or BMP.
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Picture to write; its extension says how: png, jpg, webp or bmp.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Statistic of each region: max, min, sum, average, lp, gaussian, std, variance, log_sum_exp, soft, gem, mixed, first,
    /// last, rank, median, weighted, stochastic or probabilistic_max.
    #[arg(long)]
    pub(crate) op: String,
    /// Function that each stored value passes through first: relu, leaky_relu, sigmoid or tanh.
    #[arg(long)]
    pub(crate) activation: Option<String>,
    /// Describe what was done as JSON on stdout.
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

const RUN_EXAMPLES: &str = "\
Examples:
  plunge run spec.json x.npy -o y.npy
  plunge run spec.json x.npy -o y.npy --indices i.npy --backend vulkan
  plunge run spec.json x.npy -o y.npy --backend cpu --json
  plunge run spec.json net.safetensors:conv1.x -o all.npz:y --indices all.npz:i

spec.json, for instance:
  {\"op\": \"max\", \"region\": {\"window\": {\"kernel_size\": [3, 3], \"stride\": 2, \"padding\": 1}}}
  {\"op\": {\"lp\": {\"p\": 2}}, \"region\": {\"adaptive\": {\"output_size\": 7}}}
  {\"op\": {\"average\": {\"count_include_pad\": false}}, \"region\": \"global\"}

X is f32 with N and C first, then one to three spatial axes; Y likewise. Indices are int64, flat within one plane unless \
--index-convention says otherwise, -1 where a window covers nothing.

Arrays are .npy files, or arrays in .npz and .safetensors files, whose name may follow a colon: all.npz:x. Of a file with one array no name is \
needed. Outputs in one file are written together, in place of what it held; without names they are y, indices and detection.

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.";

/// `plunge run`
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    /// What to pool, as JSON.
    #[arg(value_name = "SPEC.json")]
    pub(crate) spec: PathBuf,
    /// Array to pool.
    #[arg(value_name = "X.npy")]
    pub(crate) input: PathBuf,
    /// Array to write.
    #[arg(short, long, value_name = "Y.npy")]
    pub(crate) output: PathBuf,
    /// Array to write the index of each chosen value to; max, min and stochastic samples have indices.
    #[arg(long, value_name = "I.npy")]
    pub(crate) indices: Option<PathBuf>,
    /// What indices count over.
    #[arg(long, value_enum, requires = "indices")]
    pub(crate) index_convention: Option<IndexConvention>,
    /// Array to write the detection layer below a probabilistic_max to, shaped like X.
    #[arg(long, value_name = "D.npy")]
    pub(crate) detection: Option<PathBuf>,
    /// Order of X's axes.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) side: SideArgs,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

const GRAD_EXAMPLES: &str = "\
Examples:
  plunge grad spec.json x.npy grad_y.npy -o grad_x.npy
  plunge grad weighted.json x.npy grad_y.npy -o grad_x.npy --weights w.npy --grad-weights grad_w.npy

GRAD_Y is shaped like the output that `plunge run` writes, GRAD_X like X, GRAD_W like the weights; for gem it is one number, the \
gradient of p. Ops that choose a value give all to it; at kinks the gradient is 0.

Arrays are .npy files, or arrays in .npz and .safetensors files, whose name may follow a colon: all.npz:x. Of a file with one array no name is \
needed. Outputs in one file are written together; without names they are grad_x and grad_weights.

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.";

/// `plunge grad`
#[derive(Debug, Args)]
#[command(after_help = GRAD_EXAMPLES)]
pub(crate) struct GradArgs {
    /// What was pooled, as JSON.
    #[arg(value_name = "SPEC.json")]
    pub(crate) spec: PathBuf,
    /// Array that was pooled.
    #[arg(value_name = "X.npy")]
    pub(crate) input: PathBuf,
    /// Gradient of the output.
    #[arg(value_name = "GRAD_Y.npy")]
    pub(crate) grad_output: PathBuf,
    /// Array to write: the gradient of X.
    #[arg(short, long, value_name = "GRAD_X.npy")]
    pub(crate) output: PathBuf,
    /// Array to write the gradient of what the op learns to: the weights of weighted and gated, or gem's p.
    #[arg(long, value_name = "GRAD_W.npy")]
    pub(crate) grad_weights: Option<PathBuf>,
    /// Order of X's axes.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) side: SideArgs,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

const UNPOOL_EXAMPLES: &str = "\
Examples:
  plunge run spec.json x.npy -o y.npy --indices i.npy
  plunge unpool spec.json y.npy i.npy -o x2.npy
  plunge unpool spec.json y.npy i.npy -o x2.npy --output-size 112x112 --index-convention onnx_row_major
  plunge unpool average.json y.npy -o x2.npy

max, min and stochastic samples put each value at its index and 0 elsewhere; of several values at one index the last wins. average and gaussian \
give each position the mean of the outputs whose regions hold it, weighted by its share in each; other ops the value of the output whose \
centre is nearest. Windows tell the size, and take one within a stride of it; adaptive, global and fractional regions need --output-size.

Arrays are .npy files, or arrays in .npz and .safetensors files, whose name may follow a colon: all.npz:x. Of a file with one array no name is \
needed. What is written without a name is x.

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.";

/// `plunge unpool`
#[derive(Debug, Args)]
#[command(after_help = UNPOOL_EXAMPLES)]
pub(crate) struct UnpoolArgs {
    /// What was pooled, as JSON.
    #[arg(value_name = "SPEC.json")]
    pub(crate) spec: PathBuf,
    /// Pooled values.
    #[arg(value_name = "Y.npy")]
    pub(crate) values: PathBuf,
    /// Their indices, int64 or int32, for ops that choose a value.
    #[arg(value_name = "I.npy")]
    pub(crate) indices: Option<PathBuf>,
    /// Array to write.
    #[arg(short, long, value_name = "X.npy")]
    pub(crate) output: PathBuf,
    /// Spatial sizes of the array to write, one number an axis.
    #[arg(long, value_name = "H[xW]", value_parser = whole_sizes)]
    pub(crate) output_size: Option<Sizes>,
    /// What indices count over.
    #[arg(long, value_enum, requires = "indices")]
    pub(crate) index_convention: Option<IndexConvention>,
    /// Order of the array's axes.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

/// One number an axis.
pub(crate) type Sizes = Vec<usize>;

/// Sizes of one to three axes, as in 112x112.
fn whole_sizes(text: &str) -> Result<Sizes, String> {
    let sizes: Option<Sizes> = text.split(['x', 'X']).map(|size| size.parse().ok().filter(|&size| size > 0)).collect();
    sizes.filter(|sizes| sizes.len() <= 3).ok_or_else(|| "one to three whole numbers above 0, as in 112x112".into())
}

/// Files that some regions and ops read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Side inputs, for regions and ops that use them")]
pub(crate) struct SideArgs {
    /// roi_pool, roi_align: boxes, floats [K, 5], rows of batch, x1, y1, x2, y2.
    #[arg(long, value_name = "B.npy")]
    pub(crate) boxes: Option<PathBuf>,
    /// segments: labels, int32 or int64 [N, spatial...], -1 for none.
    #[arg(long, value_name = "S.npy")]
    pub(crate) segments: Option<PathBuf>,
    /// sequence: mask, 0 or 1 [B, T]; absent, every token counts.
    #[arg(long, value_name = "M.npy")]
    pub(crate) mask: Option<PathBuf>,
    /// weighted, gated: weights, floats [taps...] or [C, taps...], shaped like the kernel.
    #[arg(long, value_name = "W.npy")]
    pub(crate) weights: Option<PathBuf>,
}

/// The order of an array's axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// N, C, then the spatial axes.
    Nchw,
    /// N, the spatial axes, then C (not in this version).
    Nhwc,
}

/// What an index counts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum IndexConvention {
    /// One plane, row-major: PyTorch's.
    PerPlane,
    /// The whole tensor, row-major: ONNX's, with storage_order 0.
    OnnxRowMajor,
    /// The whole tensor, its planes column-major: ONNX's, with storage_order 1.
    OnnxColumnMajor,
    /// Height, width and channels of one batch element, channels last: TensorFlow's.
    Tensorflow,
}

impl From<IndexConvention> for plunge::IndexConvention {
    fn from(convention: IndexConvention) -> Self {
        match convention {
            IndexConvention::PerPlane => Self::PerPlane,
            IndexConvention::OnnxRowMajor => Self::OnnxRowMajor,
            IndexConvention::OnnxColumnMajor => Self::OnnxColumnMajor,
            IndexConvention::Tensorflow => Self::Tensorflow,
        }
    }
}

/// A command of a later version: takes anything, so that scripts written for it get one clear answer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  This version does not have it: every use is refused with exit code 2.")]
pub(crate) struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

const ADAPTERS_EXAMPLES: &str = "\
Examples:
  plunge adapters
  plunge adapters --json
  WGPU_ADAPTER_NAME=nvidia plunge image in.png -o out.png --op max --kernel-size 2

Best first: --backend auto takes the first, unless WGPU_BACKEND, WGPU_ADAPTER_NAME or WGPU_POWER_PREF say otherwise.";

/// `plunge adapters`
#[derive(Debug, Args)]
#[command(after_help = ADAPTERS_EXAMPLES)]
pub(crate) struct AdaptersArgs {
    /// List them as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `plunge completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  plunge completions bash > ~/.local/share/bash-completion/completions/plunge\n  plunge completions zsh > ~/.zfunc/_plunge"
)]
pub(crate) struct CompletionsArgs {
    /// Which shell.
    pub(crate) shell: clap_complete::Shell,
}

/// A field's value, in the serde form of specs.
pub(crate) type Json = serde_json::Value;

/// Joins a switch and a `true` or `false` after it, so that `--ceil-mode true` works and `--ceil-mode in.png` is no mistake.
pub(crate) fn join_switches(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for arg in args {
        match joined.last_mut() {
            Some(switch) if (arg == "true" || arg == "false") && SWITCHES.iter().any(|known| switch == *known) => {
                switch.push("=");
                switch.push(arg);
            }
            _ => joined.push(arg),
        }
    }
    joined
}

fn whole(text: &str) -> Result<Json, String> {
    let digits = !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| digits);
    number.map(Json::from).ok_or_else(|| format!("{text:?} is not a whole number of at most {}", u32::MAX))
}

/// `3` or `3x5`, high x wide.
fn axes(text: &str, one: impl Fn(&str) -> Result<Json, String>) -> Result<Json, String> {
    match text.split(['x', 'X']).collect::<Vec<_>>()[..] {
        [both] => one(both),
        [high, wide] => Ok(Json::from(vec![one(high)?, one(wide)?])),
        _ => Err("a picture has two axes: one number, or high x wide as in 3x5".into()),
    }
}

fn sizes(text: &str) -> Result<Json, String> {
    axes(text, whole)
}

fn padding(text: &str) -> Result<Json, String> {
    if matches!(text, "same_upper" | "same_lower" | "valid") {
        return Ok(text.into());
    }
    let side = |text: &str| match text.split_once(':') {
        Some((begin, end)) => Ok(Json::from(vec![whole(begin)?, whole(end)?])),
        None => whole(text),
    };
    match axes(text, side).map_err(|error| format!("{error}; or same_upper, same_lower or valid"))? {
        // One pair for both axes.
        Json::Array(pair) if !text.contains(['x', 'X']) => Ok(vec![Json::Array(pair.clone()), Json::Array(pair)].into()),
        sides => Ok(sides),
    }
}

fn number(text: &str) -> Result<Json, String> {
    let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    number.map(Json::Number).ok_or_else(|| format!("{text:?} is not a finite number"))
}

fn number_or_inf(text: &str) -> Result<Json, String> {
    if text == "inf" { Ok(text.into()) } else { number(text).map_err(|error| format!("{error}, nor inf")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_holds_together() {
        use clap::CommandFactory as _;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn sizes_and_padding_read_as_the_serde_form() {
        for (text, json) in [
            ("1", "1"),
            ("1x2", "[1,2]"),
            ("0:1", "[[0,1],[0,1]]"),
            ("0:1x2", "[[0,1],2]"),
            ("0:1x2:3", "[[0,1],[2,3]]"),
            ("same_lower", "\"same_lower\""),
        ] {
            assert_eq!(padding(text).map(|value| value.to_string()), Ok(json.into()), "{text}");
        }
        for text in ["", "x", "1x", "1x2x3", "-1", "+1", "1.5", "1:2:3", "4294967296", "same"] {
            assert!(padding(text).is_err() && sizes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn switches_take_a_value_only_where_it_is_one() {
        let join = |args: &[&str]| join_switches(args.iter().map(OsString::from)).join(" ".as_ref());
        assert_eq!(join(&["plunge", "--ceil-mode", "true", "in.png"]), "plunge --ceil-mode=true in.png");
        assert_eq!(join(&["plunge", "--ceil-mode", "in.png"]), "plunge --ceil-mode in.png");
        assert_eq!(join(&["plunge", "--sqrt-divisor", "false", "true"]), "plunge --sqrt-divisor=false true");
    }
}
