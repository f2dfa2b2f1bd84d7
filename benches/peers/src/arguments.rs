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
    #[arg(long, default_value_t = 0.06, value_parser = seconds)]
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

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("between 0.001 and 60".into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["plunge-peers"], words].concat())
    }

    #[test]
    fn names_are_found_whatever_their_case_and_in_their_own_order() {
        let arguments = parsed(&["--workload", "w2", "W1", "--peer", "TFJS"]).unwrap();
        let names: Vec<&str> = arguments.workloads().unwrap().iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["W1", "W2"]);
        assert_eq!(arguments.members().unwrap()[0].name, "tfjs");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in
            [&["--seconds", "nan"][..], &["--seconds", "0"], &["--rounds", "0"], &["--show", "a.json", "--rounds", "3"]]
        {
            assert!(parsed(words).is_err(), "{words:?}");
        }
        let unknown = parsed(&["--workload", "W99"]).unwrap().workloads().unwrap_err();
        assert!(unknown.to_string().contains("W10a"), "{unknown}");
        assert!(parsed(&["--peer", "pytorch"]).unwrap().members().is_err());
    }
}
