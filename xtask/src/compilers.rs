//! Every listed kernel through every compiler that is to be had: naga's translations are handed to the compilers that drivers and systems have.

mod driver;
mod glslang;
mod spirv_val;
mod texts;
mod tint;
mod windows;

use std::{fs, num::NonZeroUsize, path::PathBuf, thread, time::Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use driver::Verdict;
use plunge::plan::KernelKey;
use plunge_workloads::figures;
use texts::{Language, Text};

use crate::{
    adapters::apt,
    step::{command, target},
};

/// Which compilers, and which kernels.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// The compilers to run; without any, all of them: spirv-val, glslang, dxc, fxc, tint, tint-swiftshader.
    compilers: Vec<String>,
    /// Install what is missing, by Debian's and npm's packages.
    #[arg(long)]
    install: bool,
    /// Fail where one of these is missing.
    #[arg(long, value_delimiter = ',')]
    require: Vec<String>,
    /// Which part of the kernels, as in 3/20.
    #[arg(long, default_value = "0/1")]
    share: String,
    /// Only kernels whose key contains this.
    #[arg(long)]
    key: Option<String>,
}

/// A compiler, and how it is had.
struct Compiler {
    name: &'static str,
    /// The name for a table of figures.
    shown: &'static str,
    language: Language,
    /// Debian's packages.
    packages: &'static [&'static str],
    /// Whether it comes with npm's `webgpu`, into the target folder.
    of_webgpu: bool,
    /// What of it is missing.
    missing: fn() -> Option<String>,
    /// Its version, and what it makes of each text.
    run: fn(&[Text]) -> Result<(String, Vec<Verdict>)>,
}

const COMPILERS: [Compiler; 6] = [
    spirv_val::COMPILER,
    glslang::COMPILER,
    windows::DXC,
    windows::FXC,
    tint::COMPILER,
    tint::TO_SWIFTSHADER,
];

/// Runs them, prints a table, and fails where a kernel is refused or a required compiler is missing.
pub(crate) fn run(options: &Options) -> Result<()> {
    for name in options.compilers.iter().chain(&options.require) {
        ensure!(COMPILERS.iter().any(|compiler| compiler.name == name), "no compiler {name:?}; {}", names());
    }
    let asked = |compiler: &&Compiler| options.compilers.is_empty() || options.compilers.iter().any(|name| name == compiler.name);
    let compilers: Vec<&Compiler> = COMPILERS.iter().filter(asked).collect();
    if options.install {
        install(&compilers)?;
    }

    let (part, of) = options.share.split_once('/').context("a share is like 3/20")?;
    let (part, of): (usize, usize) = (part.parse()?, of.parse()?);
    ensure!(part < of, "a share is like 3/20");
    let mut keys = KernelKey::listed();
    let all = keys.len();
    keys.retain(|key| options.key.as_ref().is_none_or(|part| key.to_string().contains(part)));
    keys = keys.into_iter().skip(part).step_by(of).collect();
    ensure!(!keys.is_empty(), "no such kernel");
    let began = Instant::now();
    let texts = texts::write(&keys, &folder().join("texts"))?;
    println!(
        "{} of {all} kernels translated by naga to SPIR-V, HLSL, MSL and GLSL in {} s",
        keys.len(),
        began.elapsed().as_secs()
    );
    if keys.len() == all {
        figures::note("compilers", "naga to SPIR-V, HLSL, MSL and GLSL", &format!("{all} of {all} kernels"), "naga 30", BY);
    }

    let (mut refused, mut absent, mut ran) = (0, Vec::new(), 0);
    println!("\n{:<18} {:<28} {:>7} {:>7} {:>8} {:>6}", "compiler", "version", "kernels", "refused", "warnings", "time");
    for compiler in compilers {
        if let Some(missing) = (compiler.missing)() {
            println!("{:<18} not to be had here: {missing}; `cargo xtask compilers --install` brings it", compiler.name);
            absent.push(compiler.name);
            continue;
        }
        let began = Instant::now();
        let own: Vec<Text> = texts.iter().filter(|text| text.is_in(compiler.language)).cloned().collect();
        let (version, verdicts) = (compiler.run)(&own).with_context(|| compiler.name)?;
        ensure!(verdicts.len() == own.len(), "{}: {} answers to {} kernels", compiler.name, verdicts.len(), own.len());
        let here: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.refusal.is_some()).collect();
        let warnings: u32 = verdicts.iter().map(|verdict| verdict.warnings).sum();
        println!(
            "{:<18} {version:<28} {:>7} {:>7} {warnings:>8} {:>4} s",
            compiler.name,
            own.len(),
            here.len(),
            began.elapsed().as_secs()
        );
        if let Some(longest) = verdicts.iter().max_by_key(|verdict| verdict.milliseconds).filter(|longest| longest.milliseconds > 0) {
            println!("{:<18} longest: {} ms, {}", "", longest.milliseconds, longest.key);
        }
        let lines: Vec<String> =
            here.iter().map(|verdict| format!("{}: {}", verdict.key, verdict.refusal.as_deref().unwrap_or_default())).collect();
        let file = folder().join(format!("refused-by-{}.txt", compiler.name));
        fs::write(&file, lines.join("\n"))?;
        for line in lines.iter().take(SHOWN) {
            println!("  {}", line.chars().take(300).collect::<String>());
        }
        if lines.len() > SHOWN {
            println!("  … and {} more: {}", lines.len() - SHOWN, file.display());
        }
        if keys.len() == all {
            let figure = format!("{} of {} kernels, {warnings} warnings", own.len() - here.len(), own.len());
            figures::note("compilers", compiler.shown, &figure, &version, BY);
        }
        refused += here.len();
        ran += own.len();
    }
    println!("\n{} passed, {refused} failed", ran - refused);
    let required: Vec<&str> = absent.into_iter().filter(|name| options.require.iter().any(|other| other == name)).collect();
    ensure!(required.is_empty(), "required, and not to be had: {}", required.join(", "));
    ensure!(refused == 0, "{refused} refusals; `cargo xtask shaders KEY` prints a kernel, and its translations are in {}", folder().join("texts").display());
    Ok(())
}

/// Refusals that are printed of a compiler.
const SHOWN: usize = 20;

const BY: &str = "cargo xtask compilers --install";

fn names() -> String {
    format!("there are {}", COMPILERS.map(|compiler| compiler.name).join(", "))
}

/// Where texts, packages and drivers are kept.
fn folder() -> PathBuf {
    target().join("compilers")
}

/// npm's `webgpu`: Dawn for Node, and the compilers of Windows that it brings along.
fn webgpu() -> PathBuf {
    folder().join("npm/node_modules/webgpu")
}

const WEBGPU: &str = "webgpu@0.6.2";

fn install(compilers: &[&Compiler]) -> Result<()> {
    let lacking: Vec<_> = compilers.iter().filter(|compiler| (compiler.missing)().is_some()).collect();
    let mut packages: Vec<&str> = lacking.iter().flat_map(|compiler| compiler.packages).copied().collect();
    let npm = lacking.iter().any(|compiler| compiler.of_webgpu) && !webgpu().exists();
    if npm && !command("npm").args(&["--version"]).succeeds_quietly() {
        packages.push("npm");
    }
    packages.sort_unstable();
    packages.dedup();
    if !packages.is_empty() && cfg!(target_os = "linux") {
        apt(&packages)?;
    }
    if npm {
        let home = folder().join("npm");
        fs::create_dir_all(&home)?;
        // Its scripts fetch nothing that is needed here.
        command("npm")
            .args(&["install", "--prefix", &home.to_string_lossy(), "--ignore-scripts", "--no-audit", "--no-fund", WEBGPU])
            .run()?;
    }
    Ok(())
}

/// Whether a program starts, and what to say if not.
fn lacks(program: &str, argument: &str) -> Option<String> {
    (!command(program).args(&[argument]).succeeds_quietly()).then(|| format!("{program} is not installed"))
}

/// Deals things out to as many threads as there are processors.
fn on_all_processors<T: Clone + Send + Sync, R: Send>(things: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(things.len().max(1));
    thread::scope(|scope| {
        let work = &work;
        let dealt = (0..threads).map(|own| things.iter().skip(own).step_by(threads).cloned().collect::<Vec<T>>());
        let running: Vec<_> = dealt.map(|own| scope.spawn(move || work(&own))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
