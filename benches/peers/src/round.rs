//! One workload: every contestant prepared and checked, then timed in turn.

use std::path::Path;

use plunge::{Engine, Layout};
use plunge_measure::{Buffers, Clock, Contestant, CopyKernel, Prepared, check::check};
use plunge_peers_protocol::{Answer, MOST_RUNS, Request};
use plunge_workloads::{Wanted, Workload};

use crate::{
    Error,
    peer::Peer,
    problem::Posed,
    record::{Outcome, Rival, Row, Times},
    roster::Field,
    values::{agreement, restored},
};

/// A peer that needs longer than this for one run is sampled twice and not in every round, in milliseconds.
const SLOW: f64 = 800.0;
/// Values that must agree even where a library means something else.
const ALIKE: f64 = 0.5;

/// What all workloads share.
pub(crate) struct Ring {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) copy: CopyKernel,
    pub(crate) rounds: u32,
    pub(crate) seconds: f64,
}

/// A peer that has the workload ready.
struct Ready<'a> {
    peer: &'a mut Peer,
    note: Option<String>,
    differs: Option<String>,
    agreement: f64,
    samples: Vec<f64>,
    failed: Option<String>,
}

impl Ring {
    /// Measures a workload among `peers`; `None` for poolings that no peer is asked for.
    pub(crate) fn measure(&self, workload: &Workload, peers: &mut [Peer], scratch: &Path) -> Result<Option<Row>, Error> {
        let Some(posed) = Posed::new(workload, scratch)? else { return Ok(None) };
        let buffers = Buffers::new(&self.engine, workload)?;
        let ours = Prepared::new(&self.engine, workload, None, &buffers)?;
        let values = self.answer(workload, &posed)?;
        let correct = check(&self.engine, workload, ours.kernel())?;

        let mut outcomes = Vec::new();
        let mut ready = Vec::new();
        for peer in peers {
            match prepared(peer, &posed, &values) {
                Ok((note, differs, agreement)) => {
                    ready.push(Ready { peer, note, differs, agreement, samples: Vec::new(), failed: None });
                }
                Err(outcome) => outcomes.push((peer.member.name.to_owned(), outcome)),
            }
        }

        let (mut copies, mut times) = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            copies.push(self.sample(&self.copy)?);
            times.push(self.sample(&ours)?);
            for ready in &mut ready {
                ready.sample(round, self.seconds);
            }
        }

        let missing = || plunge::Error::Device("no time was taken".into());
        let plunge = Times::of(&times).ok_or_else(missing)?;
        let copy = Times::of(&copies).ok_or_else(missing)?;
        let bytes = workload.bytes()?;
        #[allow(clippy::cast_precision_loss, reason = "rates")]
        let [rate, copy_gbps] = [bytes as f64 / plunge.median / 1e6, self.copy.moved() as f64 / copy.median / 1e6];
        let layout = workload.shape.layout();
        let rival = |fits: &dyn Fn(&Ready<'_>) -> bool| {
            fastest(&ready, plunge, &|ready| ready.peer.member.field == Field::Portable && fits(ready))
        };
        let same_layout = rival(&|ready| posed.one_layout || ready.peer.member.stored.is(layout));
        let any_layout = rival(&|_| true);
        let vendors = fastest(&ready, plunge, &|ready| ready.peer.member.field == Field::Vendor);
        outcomes.extend(ready.iter().map(|ready| (ready.peer.member.name.to_owned(), ready.outcome())));
        Ok(Some(Row {
            workload: workload.name.into(),
            used_in: workload.used_in.into(),
            bytes,
            copy_gbps,
            plunge,
            kernel: ours.kernel().name().into(),
            correct,
            copy_ratio: rate / copy_gbps,
            peers: outcomes,
            same_layout,
            any_layout,
            vendors,
        }))
    }

    /// Plunge's own answer, with channels first.
    fn answer(&self, workload: &Workload, posed: &Posed) -> Result<Vec<f32>, Error> {
        let Workload { pooling, shape, .. } = workload;
        let request = plunge::Request::new().indices(workload.wanted == Wanted::Indices);
        let sides = workload.sides();
        let values = match &posed.ahead {
            Some(ahead) => self.engine.grad(pooling, *shape, &posed.input, ahead, &request, &sides.borrow())?.input,
            None => self.engine.pool_with(pooling, *shape, &posed.input, &request, &sides.borrow())?.values,
        };
        Ok(restored(&values, &posed.answer_sizes, shape.layout(), Layout::Nchw))
    }

    /// Milliseconds of one run in a batch as long as everyone's.
    fn sample(&self, contestant: &dyn Contestant) -> Result<f64, Error> {
        let once = self.clock.milliseconds(contestant, 1)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let runs = (self.seconds * 1e3 / once.max(1e-6)).ceil().clamp(1.0, MOST_RUNS) as u32;
        Ok(if runs == 1 { once } else { self.clock.milliseconds(contestant, runs)? })
    }
}

/// Has a peer make the problem ready and compares its answer: a note, why values differ, and the share that agrees.
fn prepared(peer: &mut Peer, posed: &Posed, ours: &[f32]) -> Result<(Option<String>, Option<String>, f64), Outcome> {
    let layout = peer.member.stored.files();
    let answer = peer.ask(&Request::Prepare(Box::new(posed.stored(layout))));
    match answer.map_err(|why| Outcome::Failed { why })? {
        Answer::Ready { note, differs } => {
            let agreement = agreement(ours, &posed.answer(layout), posed.tolerance());
            if agreement < if differs.is_some() { ALIKE } else { 1.0 } {
                let why = format!("only {:.2} % of its values are Plunge's", 1e2 * agreement);
                return Err(Outcome::Failed { why });
            }
            Ok((note, differs, agreement))
        }
        Answer::Unsupported { why } => Err(Outcome::Unsupported { why }),
        Answer::Failed { why } => Err(Outcome::Failed { why }),
        other => Err(Outcome::Failed { why: format!("answered {other:?}") }),
    }
}

/// The fastest contestant that fits.
fn fastest(ready: &[Ready<'_>], plunge: Times, fits: &dyn Fn(&Ready<'_>) -> bool) -> Option<Rival> {
    let rivals = ready.iter().filter(|ready| ready.failed.is_none() && fits(ready));
    let timed = rivals.filter_map(|ready| Times::of(&ready.samples).map(|times| (ready, times.median)));
    let (ready, median) = timed.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(Rival { peer: ready.peer.member.name.into(), ratio: median / plunge.median })
}

impl Ready<'_> {
    fn sample(&mut self, round: u32, seconds: f64) {
        let slow = self.samples.first().is_some_and(|&first| first > SLOW);
        if self.failed.is_some() || (slow && round > 1) {
            return;
        }
        match self.peer.ask(&Request::Time { seconds }) {
            Ok(Answer::Timed { ms, .. }) => self.samples.push(ms),
            Ok(Answer::Failed { why }) | Err(why) => self.failed = Some(why),
            Ok(other) => self.failed = Some(format!("answered {other:?}")),
        }
    }

    fn outcome(&self) -> Outcome {
        match (&self.failed, Times::of(&self.samples)) {
            (Some(why), _) => Outcome::Failed { why: why.clone() },
            (None, None) => Outcome::Failed { why: "no time was taken".into() },
            (None, Some(times)) => {
                Outcome::Timed { times, note: self.note.clone(), differs: self.differs.clone(), agreement: self.agreement }
            }
        }
    }
}
