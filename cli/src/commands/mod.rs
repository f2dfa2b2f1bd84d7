//! One module a command.

mod adapters;
mod bench;
mod grad;
mod image;
mod run;
mod unpool;

use std::{io::Write as _, path::Path};

use clap::CommandFactory as _;
use plunge::{Region, Shape};
use serde_json::{Value, json};

use crate::{
    Failure,
    args::{Command, CommandLine, Layout},
    backend::Machine,
    job::Done,
};

pub(crate) fn run(line: CommandLine) -> Result<(), Failure> {
    match line.command {
        Command::Image(args) => image::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Adapters(args) => adapters::run(&args),
        Command::Grad(args) => grad::run(&args),
        Command::Unpool(args) => unpool::run(&args),
        Command::Bench(args) => bench::run(&args),
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
fn report(machine: &Machine, done: &Done) -> Value {
    let (name, backend) = match machine {
        Machine::Adapter { name, backend, .. } => (name.as_str(), backend.as_str()),
        Machine::Reference => (adapters::REFERENCE, "cpu"),
    };
    json!({
        "adapter": {"name": name, "backend": backend},
        "kernel": done.kernel,
        "milliseconds": done.elapsed.as_secs_f64() * 1e3,
    })
}

/// The shape of an array whose axes are in this order.
fn axes_of(path: &Path, layout: Layout, sizes: &[usize]) -> Result<Shape, Failure> {
    Shape::from_stored(layout.into(), sizes).map_err(|error| Failure::from(error).of_file(path))
}

/// How the axes of a file were understood.
fn read_as(path: &Path, shape: &Shape) -> String {
    let (n, c, spatial) = (shape.batch(), shape.channels(), shape.spatial());
    format!("{} is read as N = {n}, C = {c} and spatial sizes {spatial:?}", path.display())
}

/// The sizes of the file of an output.
fn sizes_of(region: &Region, output: &Shape) -> Vec<usize> {
    match region {
        // [B, 1, D], the tokens being one.
        Region::Sequence => [&[output.batch()], output.spatial()].concat(),
        _ => output.stored_sizes(),
    }
}

/// The image and the channel that the element stored at a place is of.
fn plane_of(shape: &Shape, at: usize) -> [usize; 2] {
    let channels = shape.channels().max(1);
    let of_plane = shape.spatial().iter().product::<usize>().max(1);
    match shape.layout() {
        plunge::Layout::Nhwc => [at / (of_plane * channels), at % channels],
        _ => [at / of_plane / channels, at / of_plane % channels],
    }
}
