//! Plunge beside what a user would pick instead: `README.md` says how, and what the figures mean.

mod arguments;
mod error;
mod peer;
mod problem;
mod record;
mod roster;
mod round;
mod table;
mod values;

use std::process::ExitCode;

use clap::Parser;
use plunge::{HeadlessOptions, wgpu::DeviceType};
use plunge_measure::{Clock, CopyKernel};

use crate::{
    arguments::Arguments,
    error::Error,
    peer::Peer,
    record::{Presence, Record},
    round::Ring,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.show.is_empty() { compare(&arguments).map(Some) } else { Record::read(&arguments.show) };
    match done {
        Ok(record) => {
            if let Some(record) = record {
                println!("{record}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("plunge-peers: {error}");
            ExitCode::from(if matches!(error, Error::Unknown { .. }) { 2 } else { 1 })
        }
    }
}

fn compare(arguments: &Arguments) -> Result<Record, Error> {
    let (workloads, members) = (arguments.workloads()?, arguments.members()?);
    let engine = plunge_measure::open(&HeadlessOptions::from_env())?;
    let info = engine.adapter_info();
    let scratch = tempfile::tempdir().map_err(Error::file(std::env::temp_dir()))?;
    let mut record = Record {
        adapter: format!("{}, {} {}", plunge::describe(&info), info.driver, info.driver_info),
        software: info.device_type == DeviceType::Cpu,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
        peers: Vec::new(),
        workloads: Vec::new(),
    };
    let mut peers = Vec::new();
    for member in members {
        eprintln!("starting {}", member.name);
        let started = Peer::start(member, info.device_type, scratch.path());
        record.peers.push(Presence {
            name: member.name.into(),
            about: member.about.into(),
            stored: member.stored.name().into(),
            field: member.field,
            version: started.as_ref().ok().map(|peer| peer.version.clone()),
            device: started.as_ref().ok().and_then(|peer| peer.device.clone()),
            absent: started.as_ref().err().cloned(),
        });
        peers.extend(started);
    }
    let ring = Ring {
        clock: Clock::wall(&engine),
        copy: fastest_copy(&engine)?,
        engine,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
    };
    for workload in &workloads {
        eprintln!("{}: {}", workload.name, workload.used_in);
        match ring.measure(workload, &mut peers, scratch.path())? {
            Some(row) => record.workloads.push(row),
            None => eprintln!("{} is put to no peer", workload.name),
        }
        if let Some(path) = &arguments.json {
            record.write(path)?;
        }
    }
    Ok(record)
}

/// The copy kernel to compare with: the one that is fastest here, found by a look at each.
fn fastest_copy(engine: &plunge::Engine) -> Result<CopyKernel, Error> {
    let clock = Clock::wall(engine);
    let mut best: Option<(f64, CopyKernel)> = None;
    for kernel in CopyKernel::all(engine)?.0 {
        let mut rates = Vec::new();
        for _ in 0..5 {
            #[allow(clippy::cast_precision_loss, reason = "a rate")]
            rates.push(kernel.moved() as f64 / clock.milliseconds(&kernel, 1)?);
        }
        let rate = plunge_measure::Statistics::of(&rates).map_or(0.0, |rates| rates.median);
        if best.as_ref().is_none_or(|(best, _)| rate > *best) {
            best = Some((rate, kernel));
        }
    }
    Ok(best.ok_or_else(|| plunge::Error::Device("no copy kernel".into()))?.1)
}
