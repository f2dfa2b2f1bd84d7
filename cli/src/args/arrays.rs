//! The flags of `plunge run`, `grad` and `unpool`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plunge::Element;

use super::values::{Sizes, element, whole_sizes};
use crate::backend::Choice;

const RUN_EXAMPLES: &str = "\
Examples:
  plunge run spec.json x.npy -o y.npy
  plunge run spec.json x.npy -o y.npy --indices i.npy --backend vulkan
  plunge run spec.json x.npy -o y.npy --backend cpu --json
  plunge run spec.json net.safetensors:conv1.x -o all.npz:y --indices all.npz:i
  plunge run spec.json bytes.npy -o y.npy --layout nhwc --scale 0.02 --zero-point 128 --output-type f32

spec.json, for instance:
  {\"op\": \"max\", \"region\": {\"window\": {\"kernel_size\": [3, 3], \"stride\": 2, \"padding\": 1}}}
  {\"op\": {\"lp\": {\"p\": 2}}, \"region\": {\"adaptive\": {\"output_size\": 7}}}
  {\"op\": {\"average\": {\"count_include_pad\": false}}, \"region\": \"global\"}

X has N and C first, then one to three spatial axes, or C last with --layout nhwc; Y likewise. Its elements are f32, f16, bf16, u8, i8 or \
i32, and Y's are of the same type, or f32 with --output-type f32. Whole numbers are rounded half to even and saturated; with --scale they stand \
for reals. Indices are int64, flat within one plane unless --index-convention says otherwise, -1 where a window covers nothing.

Where no plane or image needs another, they are read, pooled and written in groups, so that X may be larger than memory. A fault that only \
shows within the data, such as a wrong checksum, is refused too: exit code 2, and nothing is written.

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
    /// Order of X's axes; every array shaped like X or Y has the same.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    /// Distance of the reals that neighbouring numbers of a u8 or i8 Y stand for [default: as in X].
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, help_heading = TYPES)]
    pub(crate) output_scale: Option<f32>,
    /// The number of Y that stands for 0 [default: 0].
    #[arg(long, value_name = "INTEGER", requires = "output_scale", allow_negative_numbers = true, help_heading = TYPES)]
    pub(crate) output_zero_point: Option<i32>,
    #[command(flatten)]
    pub(crate) types: TypeArgs,
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
gradient of p. GRAD_Y and GRAD_X are of X's type where that is a float type, else f32, as they all may be with --output-type f32; GRAD_W is f32. Ops that choose a value give all to it; at kinks the gradient is 0.

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
    /// Order of X's axes; every array shaped like X or Y has the same.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) types: TypeArgs,
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
centre is nearest. Windows tell the size, and take one within a stride of it; adaptive, global and fractional regions need --output-size. \
X is of Y's type, or f32 with --output-type f32.

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
    /// Order of the axes of Y, I and X.
    #[arg(long, value_enum, default_value = "nchw")]
    pub(crate) layout: Layout,
    /// Describe what was done as JSON on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) types: TypeArgs,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

/// The heading of flags that say what elements are.
const TYPES: &str = "Types of elements";

/// What elements are, beyond what files say.
#[derive(Debug, Args)]
#[command(next_help_heading = TYPES)]
pub(crate) struct TypeArgs {
    /// Type of what is written: f32, or the input's own [default: the input's own].
    #[arg(long, value_name = "TYPE", value_parser = element)]
    pub(crate) output_type: Option<Element>,
    /// u8, i8: the numbers stand for reals, scale x (number - zero point). Above 0.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) scale: Option<f32>,
    /// The number that stands for 0 [default: 0].
    #[arg(long, value_name = "INTEGER", requires = "scale", allow_negative_numbers = true)]
    pub(crate) zero_point: Option<i32>,
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
    /// N, the spatial axes, then C.
    Nhwc,
}

impl From<Layout> for plunge::Layout {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Nchw => Self::Nchw,
            Layout::Nhwc => Self::Nhwc,
        }
    }
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
