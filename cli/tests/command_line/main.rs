//! The `plunge` command from outside: its answers, its refusals, its exit codes and the files it leaves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod arrays;
mod bench;
mod containers;
mod exits;
mod files;
mod folders;
mod gradients;
mod npy;
mod numbers;
mod parts;
mod pictures;
mod refusals;
mod sides;
mod tensors;
mod types;
mod unpooling;
mod zip;

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use assert_cmd::Command;

/// The backends whose software adapters every machine that tests must have.
const BACKENDS: [&str; 2] = ["vulkan", "gl"];

/// A folder to run commands in.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// The command, in this folder and without the adapter choice of whoever runs the tests.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("plunge"));
        command.current_dir(self.folder.path()).args(args);
        for variable in ["WGPU_BACKEND", "WGPU_ADAPTER_NAME", "WGPU_POWER_PREF"] {
            command.env_remove(variable);
        }
        command.timeout(std::time::Duration::from_secs(120));
        command
    }

    /// Runs a command given as one line; no word of it may hold a space.
    fn run(&self, line: &str) -> Output {
        self.command(&line.split_whitespace().collect::<Vec<_>>()).output().unwrap()
    }

    /// Runs what must work.
    fn done(&self, line: &str) -> Output {
        let output = self.run(line);
        assert!(output.status.success(), "plunge {line}\n{}", stderr(&output));
        output
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn report(failures: &[String]) {
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
