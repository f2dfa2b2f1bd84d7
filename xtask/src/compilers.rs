//! Every listed kernel through every compiler that is to be had: naga's translations are handed to the compilers that drivers and systems have.

mod driver;
mod glslang;
mod metal;
mod passed;
mod spirv_val;
mod texts;
mod tint;
mod windows;

use std::{
    fs,
    num::NonZeroUsize,
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use driver::Verdict;
use plunge::plan::KernelKey;
use texts::{Language, Text};

use crate::{
    adapters::{apt, has_apt},
    figures,
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
    /// How long each compiler of Windows may take: the kernels are then dealt out evenly, and those that are left are not seen. What passed before is not
    /// run again, so that the same command once more goes on.
    #[arg(long)]
    seconds: Option<u64>,
    /// Which kernel to begin with where time is short.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// Write the kept MSL of two kernels anew, and do no more.
    #[arg(long)]
    msl: bool,
    /// Only kernels whose key contains this.
    #[arg(long)]
    key: Option<String>,
}

/// A compiler's version, and what it makes of each text.
type Answers = (String, Vec<Verdict>);

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
    /// Runs it, at most until then.
    run: fn(&[Text], Option<Instant>) -> Result<Answers>,
}

impl Options {
    /// All that is to be had, to the end.
    pub(crate) fn all() -> Self {
        Self { install: has_apt(), share: "0/1".into(), ..Self::default() }
    }

    /// What fits into minutes: all kernels by those that are fast, and a part by those of Windows, another one each day.
    pub(crate) fn short() -> Result<Self> {
        let days = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86_400;
        let names = COMPILERS.iter().map(|compiler| compiler.name).filter(|name| *name != tint::TO_SWIFTSHADER.name);
        let compilers: Vec<String> = names.map(Into::into).collect();
        let require = if has_apt() { compilers.clone() } else { Vec::new() };
        // 211 is a prime: the days' beginnings lie everywhere.
        let from = usize::try_from(days)?.wrapping_mul(211);
        Ok(Self { compilers, require, seconds: Some(30), from, ..Self::all() })
    }
}

const COMPILERS: [Compiler; 6] =
    [spirv_val::COMPILER, glslang::COMPILER, windows::DXC, windows::FXC, tint::COMPILER, tint::TO_SWIFTSHADER];

/// Runs them, prints a table, and fails where a kernel is refused or a required compiler is missing.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.msl {
        return metal::write();
    }
    metal::check()?;
    for name in options.compilers.iter().chain(&options.require) {
        ensure!(COMPILERS.iter().any(|compiler| compiler.name == name), "no compiler {name:?}; {}", names());
    }
    let asked =
        |compiler: &&Compiler| options.compilers.is_empty() || options.compilers.iter().any(|name| name == compiler.name);
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
    if options.seconds.is_some() {
        // A prime that does not divide their number: whatever is seen is of all kinds.
        let count = keys.len();
        keys = (0..count).map(|at| keys[(options.from + at * 619) % count]).collect();
        println!("those of Windows begin with kernel {} (--from {})", options.from % count, options.from);
    }
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
        let until = options.seconds.map(|seconds| began + Duration::from_secs(seconds));
        let (version, verdicts) = (compiler.run)(&own, until).with_context(|| compiler.name)?;
        ensure!(!verdicts.is_empty(), "{}: no answer", compiler.name);
        if until.is_none() {
            ensure!(verdicts.len() == own.len(), "{}: {} answers to {} kernels", compiler.name, verdicts.len(), own.len());
        }
        let here: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.refusal.is_some()).collect();
        let warnings: u32 = verdicts.iter().map(|verdict| verdict.warnings).sum();
        println!(
            "{:<18} {version:<28} {:>7} {:>7} {warnings:>8} {:>4} s",
            compiler.name,
            verdicts.len(),
            here.len(),
            began.elapsed().as_secs()
        );
        if let Some(longest) =
            verdicts.iter().max_by_key(|verdict| verdict.milliseconds).filter(|longest| longest.milliseconds > 0)
        {
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
        // A short run is no figure.
        if keys.len() == all && options.seconds.is_none_or(|seconds| seconds >= 600) {
            let tried = if verdicts.len() < own.len() { format!(" tried, of {}", own.len()) } else { String::new() };
            let figure = format!("{} of {} kernels{tried}, {warnings} warnings", verdicts.len() - here.len(), verdicts.len());
            let by = options.seconds.map_or_else(|| BY.into(), |seconds| format!("{BY} --seconds {seconds}"));
            figures::note("compilers", compiler.shown, &figure, &version, &by);
        }
        refused += here.len();
        ran += verdicts.len();
    }
    println!("\n{} passed, {refused} failed", ran - refused);
    let required: Vec<&str> = absent.into_iter().filter(|name| options.require.iter().any(|other| other == name)).collect();
    ensure!(required.is_empty(), "required, and not to be had: {}", required.join(", "));
    ensure!(
        refused == 0,
        "{refused} refusals; `cargo xtask shaders KEY` prints a kernel, and its translations are in {}",
        folder().join("texts").display()
    );
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
    if lacks("node", "--version").is_none() {
        packages.retain(|package| *package != "nodejs");
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
