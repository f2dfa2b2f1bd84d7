//! One command of a routine: printed, run in the project's root, and failed loudly.

use std::{path::PathBuf, process::Command, time::Instant};

use anyhow::{Context as _, Result, ensure};

use crate::figures;

/// A command about to run.
pub(crate) struct Step(Command);

/// `cargo` with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Step {
    command("cargo").args(arguments)
}

/// `cargo nextest run` with these arguments, or `cargo test` where nextest is not installed.
pub(crate) fn nextest(arguments: &[&str]) -> Step {
    let installed = command("cargo").args(&["nextest", "--version"]).succeeds_quietly();
    cargo(if installed { &["nextest", "run"] } else { &["test"] }).args(arguments)
}

/// Any command. What is run may note figures.
pub(crate) fn command(program: &str) -> Step {
    let mut command = Command::new(program);
    command.current_dir(root());
    Step(command)
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where builds and what routines install are kept.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

impl Step {
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn run(mut self) -> Result<()> {
        let line = self.line();
        println!("\n$ {line}");
        let begun = Instant::now();
        let status = self.ready().status().with_context(|| format!("{line} could not be started"))?;
        ensure!(status.success(), "{line} failed: {status}");
        println!("({} s)", begun.elapsed().as_secs());
        Ok(())
    }

    pub(crate) fn output(mut self) -> Result<String> {
        let line = self.line();
        let output = self.ready().output().with_context(|| format!("{line} could not be started"))?;
        ensure!(output.status.success(), "{line} failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs it, and answers with what it told on standard error.
    pub(crate) fn told(mut self) -> Result<String> {
        let line = self.line();
        println!("\n$ {line}");
        let output = self.ready().output().with_context(|| format!("{line} could not be started"))?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{line} failed: {told}");
        Ok(told)
    }

    pub(crate) fn succeeds_quietly(mut self) -> bool {
        self.0.output().is_ok_and(|output| output.status.success())
    }

    /// With the environment that every step has.
    fn ready(&mut self) -> &mut Command {
        self.0.env("PLUNGE_FIGURES", figures::folder());
        if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            // Without it Mesa complains of every instance.
            self.0.env("XDG_RUNTIME_DIR", std::env::temp_dir());
        }
        &mut self.0
    }

    fn line(&self) -> String {
        let environment = self.0.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let environment = environment.map(|(name, value)| format!("{}={}", name.display(), value.display()));
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        environment.chain(words.map(|word| word.display().to_string())).collect::<Vec<_>>().join(" ")
    }
}
