//! The command line.

use std::path::PathBuf;

use clap::Parser;
use plunge_workloads::{Workload, catalogue};

use crate::{
    Error,
    roster::{Member, roster},
};

/// Times Plunge and what a user would pick instead, on one adapter, in turn, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "plunge-peers", version)]
pub(crate) struct Arguments {
    /// Workloads of the catalogue; all where none is named
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) workload: Vec<String>,
    /// Peers; all where none is named
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) peer: Vec<String>,
    /// Samples of each contestant, taken in turn
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Seconds of a sample
    #[arg(long, default_value_t = 0.06)]
    pub(crate) seconds: f64,
    /// Writes the record here
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Prints the table of records written before, and measures nothing
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["workload", "peer", "rounds", "seconds", "json"])]
    pub(crate) show: Vec<PathBuf>,
}

impl Arguments {
    /// The workloads that are asked for, in the catalogue's order.
    pub(crate) fn workloads(&self) -> Result<Vec<Workload>, Error> {
        chosen("workload", &self.workload, catalogue(), |workload| workload.name)
    }

    /// The peers that are asked for, in the roster's order.
    pub(crate) fn members(&self) -> Result<Vec<Member>, Error> {
        chosen("peer", &self.peer, roster(), |member| member.name)
    }
}

fn chosen<T>(kind: &'static str, asked: &[String], all: Vec<T>, name: impl Fn(&T) -> &str) -> Result<Vec<T>, Error> {
    let known: Vec<&str> = all.iter().map(&name).collect();
    if let Some(unknown) = asked.iter().find(|asked| !known.iter().any(|known| known.eq_ignore_ascii_case(asked))) {
        return Err(Error::Unknown { kind, name: unknown.clone(), known: known.join(", ") });
    }
    let wanted = |item: &T| asked.is_empty() || asked.iter().any(|asked| asked.eq_ignore_ascii_case(name(item)));
    Ok(all.into_iter().filter(wanted).collect())
}
