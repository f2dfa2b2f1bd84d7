//! What a comparison found, as it is written to a file and read back for a table.

use std::{fs, path::Path};

use plunge_measure::Statistics;
use serde::{Deserialize, Serialize};

use crate::{Error, roster::Field};

/// A comparison on one adapter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The adapter and its driver, for a person.
    pub(crate) adapter: String,
    /// Whether it is a processor and no GPU: CPU libraries win there.
    pub(crate) software: bool,
    /// Samples of each contestant.
    pub(crate) rounds: u32,
    /// Seconds of a sample.
    pub(crate) seconds: f64,
    /// Who took part, or was meant to.
    pub(crate) peers: Vec<Presence>,
    /// Row by row.
    pub(crate) workloads: Vec<Row>,
}

/// A peer of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Presence {
    pub(crate) name: String,
    pub(crate) about: String,
    /// NCHW, NHWC or packed.
    pub(crate) stored: String,
    /// What it ran on.
    pub(crate) field: Field,
    pub(crate) version: Option<String>,
    /// The adapter, as it names it.
    pub(crate) device: Option<String>,
    /// Why it did not take part.
    pub(crate) absent: Option<String>,
}

/// A workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) used_in: String,
    /// Bytes read and written at least.
    pub(crate) bytes: u64,
    /// GB/s of the copy kernel in the same rounds.
    pub(crate) copy_gbps: f64,
    pub(crate) plunge: Times,
    /// The kernel that Plunge's planner chose.
    pub(crate) kernel: String,
    /// Whether Plunge's answer to a small problem of the kind is the reference's.
    pub(crate) correct: bool,
    /// Plunge's rate over the copy kernel's.
    pub(crate) copy_ratio: f64,
    /// By the peers' names.
    pub(crate) peers: Vec<(String, Outcome)>,
    /// The fastest portable peer that stores tensors as the workload does, and how many times its time Plunge's is.
    pub(crate) same_layout: Option<Rival>,
    /// The fastest portable peer of all.
    pub(crate) any_layout: Option<Rival>,
    /// The fastest peer of one vendor's interface.
    pub(crate) vendors: Option<Rival>,
}

/// A peer to be compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rival {
    pub(crate) peer: String,
    /// Its time over Plunge's.
    pub(crate) ratio: f64,
}

/// Milliseconds of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Times {
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        Statistics::of(samples).map(|Statistics { median, min, max }| Self { median, min, max })
    }
}

/// What came of a workload at a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was timed.
    Timed {
        times: Times,
        /// How it is made, where that is not the library's own pooling.
        note: Option<String>,
        /// Why some values differ from Plunge's; none do where this is absent.
        differs: Option<String>,
        /// The share of values that agree.
        agreement: f64,
    },
    /// It has no such pooling.
    Unsupported { why: String },
    /// It has, and failed, or gave other values.
    Failed { why: String },
}

impl Record {
    /// Writes the record, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Error::Record { path: path.into(), error })?;
        text.push('\n');
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, path)).map_err(Error::file(path))
    }

    /// Records of the same adapter as one, peers and rows in the order in which they come.
    pub(crate) fn read(paths: &[impl AsRef<Path>]) -> Result<Option<Self>, Error> {
        let mut joined: Option<Self> = None;
        for path in paths.iter().map(AsRef::as_ref) {
            let text = fs::read_to_string(path).map_err(Error::file(path))?;
            let record: Self = serde_json::from_str(&text).map_err(|error| Error::Record { path: path.into(), error })?;
            match &mut joined {
                None => joined = Some(record),
                Some(joined) if joined.adapter != record.adapter => {
                    let (expected, actual) = (joined.adapter.clone(), record.adapter);
                    return Err(Error::OtherAdapter { path: path.into(), expected, actual });
                }
                Some(joined) => {
                    let news =
                        record.peers.into_iter().filter(|peer| !joined.peers.iter().any(|known| known.name == peer.name));
                    let news: Vec<_> = news.collect();
                    joined.peers.extend(news);
                    joined.workloads.extend(record.workloads);
                }
            }
        }
        Ok(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(adapter: &str, peer: &str, workload: &str) -> Record {
        let times = Times { median: 2.0, min: 1.0, max: 3.0 };
        let timed = Outcome::Timed { times, note: None, differs: None, agreement: 1.0 };
        let presence = Presence {
            name: peer.into(),
            about: String::new(),
            stored: "NCHW".into(),
            field: Field::Portable,
            version: None,
            device: None,
            absent: None,
        };
        let row = Row {
            workload: workload.into(),
            used_in: String::new(),
            bytes: 8,
            copy_gbps: 10.0,
            plunge: times,
            kernel: "tile".into(),
            correct: true,
            copy_ratio: 0.5,
            peers: vec![(peer.into(), timed)],
            same_layout: None,
            any_layout: Some(Rival { peer: peer.into(), ratio: 1.0 }),
            vendors: None,
        };
        Record { adapter: adapter.into(), software: true, rounds: 1, seconds: 0.1, peers: vec![presence], workloads: vec![row] }
    }

    #[test]
    fn records_of_one_adapter_are_joined_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        record("lavapipe", "burn", "W1").write(&at("a.json")).unwrap();
        record("lavapipe", "tfjs", "W2").write(&at("b.json")).unwrap();
        record("a GPU", "burn", "W1").write(&at("c.json")).unwrap();
        fs::write(at("d.json"), "{}").unwrap();
        let joined = Record::read(&[at("a.json"), at("b.json"), at("a.json")]).unwrap().unwrap();
        assert_eq!(joined.peers.len(), 2);
        assert_eq!(joined.workloads.len(), 3);
        assert!(joined.to_string().contains("W2"));
        assert!(matches!(Record::read(&[at("a.json"), at("c.json")]), Err(Error::OtherAdapter { .. })));
        assert!(matches!(Record::read(&[at("d.json")]), Err(Error::Record { .. })));
        assert!(matches!(Record::read(&[at("e.json")]), Err(Error::File { .. })));
    }
}
