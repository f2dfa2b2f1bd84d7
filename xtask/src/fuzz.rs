//! cargo-fuzz on every target of fuzz/, so many runs each.

use std::{panic::resume_unwind, thread};

use anyhow::{Context as _, Result, ensure};

use crate::{
    adapters, figures,
    step::{command, root},
    tools,
};

/// A target, whether it needs an adapter, and how often it runs for each thousand that are asked for.
const TARGETS: [(&str, bool, u64); 5] = [
    ("spec", false, 500),
    ("readers", false, 2_500),
    ("sides", false, 8_000),
    ("reference_vs_gpu", true, 12),
    ("sides_on_gpu", true, 12),
];

/// Runs all targets: with `thousands` = 1000, eleven million runs without a GPU and 24,000 with one.
pub(crate) fn run(thousands: u64) -> Result<()> {
    tools::ensure("fuzz")?;
    adapters::ensure()?;
    let mut runs = [0; 2];
    // libFuzzer takes one core: those without a GPU run side by side, and then those with one.
    for on_gpu in [false, true] {
        let targets = TARGETS.into_iter().filter(|(_, adapter, _)| *adapter == on_gpu);
        let counts: Result<Vec<u64>> = thread::scope(|scope| {
            let runs: Vec<_> =
                targets.map(|(target, _, share)| scope.spawn(move || executed(target, share * thousands))).collect();
            runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        runs[usize::from(on_gpu)] = counts?.into_iter().sum();
    }
    for (what, runs) in
        ["without a GPU: specs, files, side inputs", "on the GPU: against the reference, and side inputs between canaries"]
            .into_iter()
            .zip(runs)
    {
        figures::note(
            "hostile",
            &format!("runs {what}"),
            &format!("{runs}, no panic"),
            "libFuzzer, debug assertions on",
            "cargo xtask soak fuzz",
        );
    }
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
