//! The project's routines: `cargo xtask --help`.
#![allow(clippy::print_stdout, reason = "a command line tool speaks")]

mod adapters;
mod compilers;
mod figures;
mod fuzz;
mod loose;
mod shaders;
mod soak;
mod step;
mod tally;
mod tools;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use step::{cargo, nextest};

/// Plunge's routines.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    routine: Routine,
}

#[derive(Subcommand)]
enum Routine {
    /// Install a software adapter where there is none, then check everything: format, lints, tests on every adapter, docs.
    Test,
    /// Format all code.
    Fmt,
    /// Check format and lints, warnings denied.
    Lint,
    /// Time the catalogue of workloads, layouts, element types and ops with statistics, on the best adapter or the one that WGPU_BACKEND names.
    Bench {
        /// Part of a benchmark's name, such as W2.
        filter: Option<String>,
    },
    /// Time what kernels cost before their second run, without Mesa's cache on disk.
    FirstUse,
    /// Draw the README's chart of rates over the copy limit, from a record of `plunge bench --json`.
    Chart {
        /// The record.
        record: PathBuf,
    },
    /// List the kernels' keys, or print the whole WGSL of the one whose key is KEY, else of those whose key contains it.
    Shaders {
        /// Part of a key, such as max/window/tile.
        key: Option<String>,
    },
    /// Hand every listed kernel to the compilers of SPIR-V, GLSL, HLSL and WGSL that are to be had.
    Compilers(compilers::Options),
    /// Write the README's op × region table and pictures anew.
    Docs,
    /// Take the figures that tests and soaks have noted into docs/reliability.md.
    Reliability,
    /// Check licences, duplicates and sources of the dependencies by cargo-deny, which is installed where it is not.
    Deny {
        /// Also check advisories, from a database that is fetched from GitHub.
        #[arg(long)]
        advisories: bool,
    },
    /// Check that the API has kept what it had, by cargo-semver-checks, which is installed where it is not.
    Semver {
        /// The git revision to compare with, such as main or a tag; without it, the last release on crates.io.
        #[arg(long)]
        baseline: Option<String>,
    },
    /// The long forms of the tests, all or those named.
    Soak(soak::Options),
}

fn main() -> Result<()> {
    match Args::parse().routine {
        Routine::Test => test(),
        Routine::Fmt => cargo(&["fmt", "--all"]).run(),
        Routine::Lint => lint(),
        Routine::Bench { filter } => {
            let mut step = cargo(&["bench", "--package", "plunge-measure", "--bench", "pooling"]);
            if let Some(filter) = &filter {
                step = step.args(&["--", filter]);
            }
            step.run()
        }
        Routine::FirstUse => cargo(&["bench", "--bench", "first_use"]).env("MESA_SHADER_CACHE_DISABLE", "true").run(),
        Routine::Chart { record } => {
            let record = std::path::absolute(record)?;
            cargo(&["run", "--quiet", "--release", "--package", "plunge-cli", "--", "bench"])
                .args(&["--svg", "docs/copy-ratios.svg", "--from", &record.to_string_lossy()])
                .run()
        }
        Routine::Shaders { key } => shaders::print(key.as_deref()),
        Routine::Compilers(options) => compilers::run(&options),
        Routine::Docs => docs(),
        Routine::Reliability => figures::write(),
        Routine::Deny { advisories } => tools::deny(advisories),
        Routine::Semver { baseline } => tools::semver(baseline.as_deref()),
        Routine::Soak(options) => soak::run(&options),
    }
}

fn lint() -> Result<()> {
    cargo(&["fmt", "--all", "--check"]).run()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]).run()?;
    // The tiers below the GPU, alone: what they reach for by mistake does not build. Their tests run with the others, where
    // features change nothing of them: built once more they would cost all dependencies once more.
    cargo(&["clippy", "--package", "plunge", "--no-default-features", "--", "--deny", "warnings"]).run()?;
    cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "--deny warnings").run()
}

fn test() -> Result<()> {
    lint()?;
    adapters::ensure()?;
    if tools::has("deny") {
        tools::deny(false)?;
    }
    compilers::run(&compilers::Options::short()?)?;
    adapters::short_on_swiftshader()?;
    loose::short()?;
    tally::clear()?;
    nextest(&["--workspace"]).run()?;
    cargo(&["test", "--quiet", "--workspace", "--doc"]).run()?;
    cargo(&["build", "--package", "plunge", "--no-default-features"]).run()?;
    for backend in ["vulkan", "gl"] {
        for example in ["embed", "depth_pyramid"] {
            cargo(&["run", "--quiet", "--example", example]).env("WGPU_BACKEND", backend).run()?;
        }
    }
    tally::print().map(drop)
}

fn docs() -> Result<()> {
    nextest(&["--package", "plunge", "--test", "documents"]).env("PLUNGE_WRITE_DOCS", "1").run()?;
    let photograph = "docs/astronaut.png";
    for (out, arguments) in [
        ("docs/astronaut-max.png", &["--op", "max", "--kernel-size", "8"][..]),
        ("docs/astronaut-adaptive.png", &["--op", "average", "--output-size", "48x48"]),
        ("docs/astronaut-std.png", &["--op", "std", "--kernel-size", "5", "--stride", "1", "--padding", "2"]),
    ] {
        cargo(&["run", "--quiet", "--release", "--package", "plunge-cli", "--", "image", photograph, "-o", out])
            .args(arguments)
            .run()?;
    }
    Ok(())
}
