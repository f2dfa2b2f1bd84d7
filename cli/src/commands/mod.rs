//! One module a command.

mod adapters;
mod grad;
mod image;
mod run;
mod unpool;

use std::io::Write as _;

use clap::CommandFactory as _;
use serde_json::{Value, json};

use crate::{
    Failure,
    args::{Command, CommandLine},
    backend::Machine,
    job::Pooled,
};

pub(crate) fn run(line: CommandLine) -> Result<(), Failure> {
    let later = |name: &str| Err(Failure::unsupported(format!("plunge {name}"), "this version does not have it"));
    match line.command {
        Command::Image(args) => image::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Adapters(args) => adapters::run(&args),
        Command::Grad(args) => grad::run(&args),
        Command::Unpool(args) => unpool::run(&args),
        Command::Bench(_) => later("bench"),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut CommandLine::command(), "plunge", &mut script);
            print(&script)
        }
    }
}

/// Writes to stdout, which a pipe may close.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::Work(format!("writing to stdout failed: {error}")))
}

fn print_json(value: &Value) -> Result<(), Failure> {
    print(format!("{value:#}\n").as_bytes())
}

/// What `image` and `run` tell a program alike; each adds its shapes and files.
fn report(machine: &Machine, pooled: &Pooled) -> Value {
    let (name, backend) = match machine {
        Machine::Adapter { name, backend, .. } => (name.as_str(), backend.as_str()),
        Machine::Reference => (adapters::REFERENCE, "cpu"),
    };
    json!({
        "adapter": {"name": name, "backend": backend},
        "kernel": pooled.kernel,
        "milliseconds": pooled.elapsed.as_secs_f64() * 1e3,
    })
}
