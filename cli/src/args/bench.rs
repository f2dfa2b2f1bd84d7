//! `plunge bench`

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValue};

use crate::backend::Backend;

const EXAMPLES: &str = "\
Examples:
  plunge bench
  plunge bench --workload W1 W2 --json record.json --html page.html
  plunge bench --backend all --json record.json
  plunge bench --compare here.json there.json

Every workload is timed beside a kernel that only copies, in turn, by the kernel that the planner chooses and by every other that takes it; each \
answer is first compared with the CPU reference's. Figures of software adapters compare kernels with each other and say nothing about GPUs.

With --backend all each adapter has files of its own: record-vulkan.json, record-gl.json. A wrong answer is exit code 1, and the files are written.";

/// `plunge bench`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// Workloads of the catalogue to time [default: all].
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) workload: Vec<String>,
    /// Write the record as JSON.
    #[arg(long, value_name = "F")]
    pub(crate) json: Option<PathBuf>,
    /// Write the record as a page with charts.
    #[arg(long, value_name = "F")]
    pub(crate) html: Option<PathBuf>,
    /// Write the chart of rates over the copy limit as SVG.
    #[arg(long, value_name = "F")]
    pub(crate) svg: Option<PathBuf>,
    /// Set two records side by side in place of timing: two machines, two backends, two versions.
    #[arg(
        long,
        num_args = 2,
        value_names = ["A.json", "B.json"],
        conflicts_with_all = ["json", "html", "svg", "from", "quick", "backend", "adapter"]
    )]
    pub(crate) compare: Option<Vec<PathBuf>>,
    /// Tell and draw an earlier record in place of timing.
    #[arg(long, value_name = "RECORD.json", conflicts_with_all = ["workload", "quick", "backend", "adapter"])]
    pub(crate) from: Option<PathBuf>,
    /// One round of the chosen kernels, and no sweeps: whether it works, not how fast it is.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Backend to run on.
    #[arg(long, value_enum, default_value = "auto", help_heading = "Where to run")]
    pub(crate) backend: Backends,
    /// Adapter to run on, by a part of its name; `plunge adapters` lists them.
    #[arg(long, value_name = "NAME", help_heading = "Where to run")]
    pub(crate) adapter: Option<String>,
}

/// What `--backend` takes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backends {
    /// As of other commands.
    One(Backend),
    /// Every adapter, one after the other.
    All,
}

impl ValueEnum for Backends {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::One(Backend::Auto),
            Self::One(Backend::Vulkan),
            Self::One(Backend::Metal),
            Self::One(Backend::Dx12),
            Self::One(Backend::Gl),
            // Known, so that it is refused with a reason.
            Self::One(Backend::Cpu),
            Self::All,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::One(Backend::Auto) => Some(PossibleValue::new("auto").help("The best GPU, else a software adapter")),
            Self::One(Backend::Cpu) => Some(PossibleValue::new("cpu").hide(true)),
            Self::One(backend) => backend.to_possible_value(),
            Self::All => Some(PossibleValue::new("all").help("Every adapter, one after the other")),
        }
    }
}
