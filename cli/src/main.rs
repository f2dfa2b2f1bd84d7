//! The `plunge` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    plunge_cli::run(std::env::args_os())
}
