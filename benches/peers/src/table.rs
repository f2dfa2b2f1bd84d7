//! A record as a table for a person.

use std::fmt::{self, Write};

use plunge_measure::targets::{Measure, peer_target, target};

use crate::{
    record::{Outcome, Presence, Record, Rival, Row},
    roster::Field,
};

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.adapter)?;
        if self.software {
            writeln!(
                f,
                "A software adapter: ratios tell something, times do not, and without a GPU libraries for the CPU win."
            )?;
        }
        writeln!(f, "Medians of {} samples taken in turn, milliseconds a run. ✓ and ✗ stand before targets.\n", self.rounds)?;
        let fields = Fields::of(&self.peers);
        let mut lines = vec![fields.head()];
        lines.extend(self.workloads.iter().map(|row| fields.line(row, self.software)));
        f.write_str(&aligned(&lines))?;
        self.peers(f)?;
        self.notes(f)
    }
}

impl Record {
    fn peers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nPeers")?;
        for peer in &self.peers {
            let Presence { name, about, stored, .. } = peer;
            let version = peer.version.as_deref().unwrap_or("");
            let device = peer.device.as_ref().map_or_else(String::new, |device| format!(", on {device}"));
            match &peer.absent {
                None => writeln!(f, "  {name} {version}: {about}. {stored}{device}")?,
                Some(why) => writeln!(f, "  {name}: {about}. ABSENT: {why}")?,
            }
        }
        Ok(())
    }

    /// Everything that a cell of the table does not say, peer by peer, workloads of which the same is said together.
    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n– no such pooling, ! failed, * values differ, ~ see below")?;
        for peer in &self.peers {
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            for row in &self.workloads {
                let outcome = row.peers.iter().find(|(name, _)| *name == peer.name);
                let Some(note) = outcome.and_then(|(_, outcome)| note(outcome)) else { continue };
                match said.iter_mut().find(|(known, _)| *known == note) {
                    Some((_, workloads)) => workloads.push(&row.workload),
                    None => said.push((note, vec![&row.workload])),
                }
            }
            for (note, workloads) in said {
                writeln!(f, "  {} {}: {note}", peer.name, workloads.join(", "))?;
            }
        }
        Ok(())
    }
}

fn note(outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Unsupported { why } => format!("– {why}"),
        Outcome::Failed { why } => format!("! {why}"),
        Outcome::Timed { differs: Some(why), agreement, .. } => {
            format!("* {why}: {:.1} % of the values agree", 1e2 * agreement)
        }
        Outcome::Timed { note: Some(note), .. } => format!("~ {note}"),
        Outcome::Timed { .. } => return None,
    })
}

/// The columns: who is there, by what it runs on.
struct Fields<'a> {
    portable: Vec<&'a Presence>,
    vendor: Vec<&'a Presence>,
    cpu: Vec<&'a Presence>,
}

impl<'a> Fields<'a> {
    fn of(peers: &'a [Presence]) -> Self {
        let [portable, vendor, cpu] = [Field::Portable, Field::Vendor, Field::Cpu].map(|field| {
            let there = peers.iter().filter(|peer| peer.absent.is_none());
            there.filter(|peer| peer.field == field).collect()
        });
        Self { portable, vendor, cpu }
    }

    fn head(&self) -> Vec<String> {
        let mut cells: Vec<String> = ["", "Plunge", "of copy", "same layout", "any layout"].map(Into::into).into();
        if !self.vendor.is_empty() {
            cells.push("vendor's".into());
        }
        for (title, peers) in [("│", &self.portable), ("│ vendor's:", &self.vendor), ("│ CPU:", &self.cpu)] {
            if !peers.is_empty() {
                cells.push(title.into());
                cells.extend(peers.iter().map(|peer| peer.name.clone()));
            }
        }
        cells
    }

    fn line(&self, row: &Row, software: bool) -> Vec<String> {
        let wrong = if row.correct { "" } else { " WRONG" };
        let target = target(&row.workload, software).filter(|target| target.measure == Measure::CopyRatio);
        let bounds = peer_target(&row.workload, software);
        let mut cells = vec![
            row.workload.clone(),
            format!("{}{wrong}", milliseconds(row.plunge.median)),
            format!("{:.2}{}", row.copy_ratio, mark(row.copy_ratio, target.map(|target| target.bound), "")),
            rival(row.same_layout.as_ref(), bounds.and_then(|bounds| bounds.same_layout)),
            rival(row.any_layout.as_ref(), bounds.and_then(|bounds| bounds.any_layout)),
        ];
        if !self.vendor.is_empty() {
            cells.push(rival(row.vendors.as_ref(), bounds.and_then(|bounds| bounds.vendors)));
        }
        let of = |peer: &Presence| {
            row.peers.iter().find(|(name, _)| *name == peer.name).map_or_else(String::new, |(_, at)| outcome(at))
        };
        for peers in [&self.portable, &self.vendor, &self.cpu] {
            if !peers.is_empty() {
                cells.push("│".into());
                cells.extend(peers.iter().map(|peer| of(peer)));
            }
        }
        cells
    }
}

fn rival(rival: Option<&Rival>, bound: Option<f64>) -> String {
    rival.map_or_else(|| "–".into(), |Rival { peer, ratio }| format!("{ratio:.1}×{} {peer}", mark(*ratio, bound, "×")))
}

/// A target behind a figure, met or not.
fn mark(figure: f64, bound: Option<f64>, unit: &str) -> String {
    bound.map_or_else(String::new, |bound| format!(" {}{bound}{unit}", if figure >= bound { '✓' } else { '✗' }))
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Unsupported { .. } => "–".into(),
        Outcome::Failed { .. } => "!".into(),
        Outcome::Timed { times, note, differs, .. } => {
            let sign = if differs.is_some() {
                "*"
            } else if note.is_some() {
                "~"
            } else {
                ""
            };
            format!("{}{sign}", milliseconds(times.median))
        }
    }
}

/// Three digits that count.
fn milliseconds(ms: f64) -> String {
    match ms {
        ..0.1 => format!("{ms:.4}"),
        ..10.0 => format!("{ms:.2}"),
        ..100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

/// Columns as wide as their widest cell, the first to the left and numbers to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (at, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = match at {
                0 => write!(row, "{cell:<width$}"),
                _ if cell.starts_with('│') => write!(row, "  {cell:<width$}"),
                _ => write!(row, "  {cell:>width$}"),
            };
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_their_targets() {
        assert_eq!(mark(0.75, Some(0.75), ""), " ✓0.75");
        assert_eq!(mark(0.7499, Some(0.75), ""), " ✗0.75");
        assert_eq!(mark(9.0, None, "×"), "");
        let burn = Rival { peer: "burn".into(), ratio: 2.96 };
        assert_eq!(rival(Some(&burn), Some(3.0)), "3.0× ✗3× burn");
        assert_eq!(rival(None, Some(3.0)), "–");
        assert_eq!([0.0123, 9.994, 12.34, 123.4].map(milliseconds), ["0.0123", "9.99", "12.3", "123"]);
    }

    #[test]
    fn columns_are_aligned() {
        let lines = [["W1", "1.5"], ["W10a", "12"]].map(|line| line.map(String::from).to_vec());
        assert_eq!(aligned(&lines), "W1    1.5\nW10a   12\n");
    }
}
