//! What the `plunge` command does, as a library: the readers of arrays, specs and pictures take bytes from anywhere, so that
//! fuzzers and tests reach them without a process.

mod args;
pub mod array;
mod backend;
mod budget;
mod commands;
mod failure;
mod job;
mod output;
mod outputs;
pub mod picture;
mod progress;
mod sides;
pub mod spec;
mod types;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

pub use failure::Failure;

/// Runs one command line, the program's name first, and answers with its exit code: 0 done, 1 a failure during work, 2 anything
/// refused, 3 no such adapter.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match args::CommandLine::try_parse_from(args::join_switches(args)) {
        Ok(line) => commands::run(line),
        Err(usage) => {
            // Help that was asked for goes to stdout and is no failure; clap knows which is which.
            let code = if usage.use_stderr() { 2 } else { 0 };
            return if usage.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE };
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.exit_code())
        }
    }
}
