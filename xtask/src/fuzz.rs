//! cargo-fuzz on every target of fuzz/, so many runs each.

use std::{panic::resume_unwind, thread};

use anyhow::{Context as _, Result, ensure};

use crate::{
    adapters, figures,
    step::{command, root},
    tools,
};

/// A target of cargo-fuzz.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// What it runs, for a table of figures.
    what: &'static str,
    needs_adapter: bool,
    /// How often it runs for each thousand that are asked for, so that all take about as long.
    share: u64,
}

pub(crate) const TARGETS: [Target; 5] = [
    Target { name: "spec", what: "specs, planned", needs_adapter: false, share: 500 },
    Target { name: "readers", what: "files, read", needs_adapter: false, share: 2_500 },
    Target { name: "sides", what: "side inputs, checked and used by the reference", needs_adapter: false, share: 8_000 },
    Target { name: "reference_vs_gpu", what: "poolings, on the GPU against the reference", needs_adapter: true, share: 12 },
    Target { name: "sides_on_gpu", what: "side inputs, on the GPU between canaries", needs_adapter: true, share: 12 },
];

/// Runs the named targets, or all: with `thousands` = 1000, eleven million runs without a GPU and 24,000 with one. Each notes its figure as it ends.
pub(crate) fn run(names: &[String], thousands: u64) -> Result<()> {
    tools::ensure("fuzz")?;
    adapters::ensure()?;
    let wanted = |target: &&Target| names.is_empty() || names.iter().any(|name| name == target.name);
    // libFuzzer takes one core: those without a GPU run side by side, and then those with one.
    for needs_adapter in [false, true] {
        let targets = TARGETS.iter().filter(|target| target.needs_adapter == needs_adapter).filter(wanted);
        thread::scope(|scope| {
            let runs: Vec<_> = targets.map(|target| scope.spawn(move || noted(target, thousands))).collect();
            runs.into_iter().try_for_each(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })?;
    }
    Ok(())
}

fn noted(target: &Target, thousands: u64) -> Result<()> {
    let runs = executed(target.name, target.share * thousands)?;
    figures::note(
        "hostile",
        &format!("{}: {}", target.name, target.what),
        &format!("{runs} runs, no panic"),
        "libFuzzer, debug assertions on",
        "cargo xtask soak fuzz",
    );
    Ok(())
}

/// Runs a target, from its seeds and from what earlier runs have found, and answers how often.
fn executed(target: &str, runs: u64) -> Result<u64> {
    let [corpus, seeds] = ["corpus", "seeds"].map(|folder| root().join("fuzz").join(folder).join(target));
    std::fs::create_dir_all(&corpus)?;
    // No sanitizer: the code is safe, and they want a nightly toolchain's standard library.
    let told = command("cargo")
        .args(&["fuzz", "run", "--sanitizer", "none", target, &corpus.to_string_lossy(), &seeds.to_string_lossy()])
        .args(&["--", &format!("-runs={runs}"), "-print_final_stats=1", "-max_len=4096", "-timeout=60", "-rss_limit_mb=6000"])
        .env("RUSTC_BOOTSTRAP", "1")
        .told()?;
    let found = told.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let count: u64 = found.with_context(|| format!("libFuzzer does not say how often {target} ran"))?.trim().parse()?;
    println!("{target}: {count} runs");
    ensure!(count >= runs, "{target} ran {count} times, not {runs}");
    Ok(count)
}
