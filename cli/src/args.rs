//! The command line's grammar.

mod arrays;
mod bench;
mod picture;
mod values;

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

pub(crate) use arrays::{GradArgs, Layout, RunArgs, SideArgs, TypeArgs, UnpoolArgs};
pub(crate) use bench::{Backends, BenchArgs};
pub(crate) use picture::ImageArgs;

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
  plunge image photos -o thumbnails --op average --output-size 90x120
  plunge run spec.json x.npy -o y.npy
  plunge bench --workload W1 W2

Exit codes: 0 done; 1 failed during work; 2 refused before work started; 3 no such adapter.
Output files appear whole, all those of a command, or not at all.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pool pictures.
    Image(Box<ImageArgs>),
    /// Pool an array by a spec.
    Run(Box<RunArgs>),
    /// Gradients of a pooling, by a spec.
    Grad(Box<GradArgs>),
    /// Put pooled values back, by a spec.
    Unpool(Box<UnpoolArgs>),
    /// Time the catalogue of workloads against the copy limit.
    Bench(BenchArgs),
    /// What is here and what it can do.
    Adapters(AdaptersArgs),
    /// Completions for a shell, on stdout.
    Completions(CompletionsArgs),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_holds_together() {
        use clap::CommandFactory as _;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn switches_take_a_value_only_where_it_is_one() {
        let join = |args: &[&str]| join_switches(args.iter().map(OsString::from)).join(" ".as_ref());
        assert_eq!(join(&["plunge", "--ceil-mode", "true", "in.png"]), "plunge --ceil-mode=true in.png");
        assert_eq!(join(&["plunge", "--ceil-mode", "in.png"]), "plunge --ceil-mode in.png");
        assert_eq!(join(&["plunge", "--sqrt-divisor", "false", "true"]), "plunge --sqrt-divisor=false true");
    }
}
