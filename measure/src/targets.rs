//! What the project sets itself, workload by workload. `docs/bench.md` says what the ratios are.

/// What a workload's time is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Its rate over the best copy kernel's: the more the better.
    CopyRatio,
    /// Its time over that of 7×7 windows on the same input: the less the better.
    TimeOfSeven,
}

/// A target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Of what.
    pub measure: Measure,
    /// What must be reached.
    pub bound: f64,
    /// What is hoped for.
    pub aim: Option<f64>,
}

impl Target {
    /// Whether a figure reaches it.
    #[must_use]
    pub fn met_by(&self, figure: f64) -> bool {
        match self.measure {
            Measure::CopyRatio => figure >= self.bound,
            Measure::TimeOfSeven => figure <= self.bound,
        }
    }
}

/// How many times as fast as other libraries on the same adapter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerTarget {
    /// As portable ones that take the workload in the same layout.
    pub same_layout: Option<f64>,
    /// As portable ones that take it in any.
    pub any_layout: Option<f64>,
    /// As those of the GPU's vendor, PyTorch on CUDA among them.
    pub vendors: Option<f64>,
    /// What is hoped for.
    pub aim: Option<f64>,
}

/// The target of a workload on software adapters or GPUs; not every one has one.
#[must_use]
pub fn target(name: &str, software: bool) -> Option<Target> {
    let ratio = |bound, aim| Some(Target { measure: Measure::CopyRatio, bound, aim });
    match (name, software) {
        ("W1" | "W3" | "W8" | "W11", true) => ratio(0.75, Some(0.9)),
        ("W2", true) => ratio(0.68, Some(0.8)),
        ("W4" | "W9", true) => ratio(0.45, None),
        ("W5" | "W6a" | "W6b", true) => ratio(0.5, None),
        ("W10a" | "W10m", true) => ratio(0.4, None),
        ("W12" | "W14", true) => ratio(0.6, None),
        ("W13", true) => Some(Target { measure: Measure::TimeOfSeven, bound: 1.4, aim: None }),
        ("W1" | "W2" | "W3" | "W8" | "W11", false) => ratio(0.85, None),
        _ => None,
    }
}

/// The target of a workload against other libraries, on software adapters or GPUs: there, to be as fast as the vendor's own whatever the workload.
#[must_use]
pub fn peer_target(name: &str, software: bool) -> Option<PeerTarget> {
    if !software {
        return Some(PeerTarget { same_layout: None, any_layout: None, vendors: Some(1.0), aim: None });
    }
    let times =
        |same_layout, any_layout, aim| Some(PeerTarget { same_layout: Some(same_layout), any_layout, vendors: None, aim });
    match name {
        "W1" | "W3" | "W8" | "W11" => times(3.0, Some(2.0), None),
        "W2" => times(6.0, Some(3.0), None),
        "W4" | "W9" => times(4.0, None, None),
        "W5" | "W6a" | "W6b" => times(2.0, None, None),
        "W7" => times(10.0, None, None),
        "W13" => times(80.0, None, Some(100.0)),
        "W10a" | "W10m" => times(8.0, None, None),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use plunge_workloads::catalogue;

    use super::*;

    #[test]
    fn ratios_are_met_from_above_and_times_from_below() {
        let [wide, early] = ["W13", "W1"].map(|name| target(name, true).unwrap());
        assert!(wide.met_by(1.4) && wide.met_by(0.5) && !wide.met_by(1.41) && !wide.met_by(f64::NAN));
        assert!(early.met_by(0.75) && early.met_by(1.2) && !early.met_by(0.74) && !early.met_by(f64::NAN));
        assert_eq!(target("W13", false), None);
        assert_eq!(target("W1", false).unwrap().bound, 0.85);
        assert_eq!(target("W99", true), None);
    }

    #[test]
    fn aims_are_beyond_their_bounds() {
        let mut named = 0;
        for workload in catalogue() {
            for target in [true, false].into_iter().filter_map(|software| target(workload.name, software)) {
                named += 1;
                assert!(target.aim.is_none_or(|aim| target.met_by(aim)), "{}", workload.name);
            }
            if let Some(target) = peer_target(workload.name, true) {
                let same_layout = target.same_layout.unwrap();
                assert!(target.any_layout.is_none_or(|any| any <= same_layout), "{}", workload.name);
                assert!(target.aim.is_none_or(|aim| aim >= same_layout), "{}", workload.name);
                assert_eq!(target.vendors, None, "{}", workload.name);
            }
            assert_eq!(peer_target(workload.name, false).unwrap().vendors, Some(1.0), "{}", workload.name);
        }
        assert_eq!(named, 15 + 5, "targets that name a workload of the catalogue");
    }
}
