//! The whole measurement: copy kernels, then workloads by every kernel beside the best of them, then sweeps and the cost of recording.

use plunge::{Engine, Error, Kernel, Pooling};
use plunge_workloads::Workload;

use crate::{
    Adapter, Buffers, Clock, Contest, Copy, CopyKernel, KernelTime, Prepared, Record, Skipped, Statistics, TargetMark,
    WorkloadTime, check, encoding,
    record::rounded,
    sweeps::{self, gbs},
    taps::taps,
    targets::{Measure, target},
};

/// Samples of each contestant.
const ROUNDS: usize = 9;

/// Other kernels than the chosen one that would take longer, in milliseconds, are not run whole: forced on regions that it is not for, a kernel may take minutes.
const TOO_SLOW: f64 = 1500.0;

/// A measurement to be.
#[derive(Debug, Clone)]
pub struct Bench {
    /// What to measure.
    pub workloads: Vec<Workload>,
    /// One round, of the chosen kernels only, and no sweeps: whether everything works, not how fast it is.
    pub quick: bool,
}

/// A workload on the device.
struct Entrant {
    workload: Workload,
    bytes: u64,
    /// The planner's choice, then the others.
    kernels: Vec<Candidate>,
    /// 7×7 windows on the same input, for the target that is about them.
    seven: Option<Prepared>,
}

/// A workload's kernel.
struct Candidate {
    prepared: Prepared,
    correct: bool,
    /// Milliseconds, by a thinned problem, of a kernel that is [`TOO_SLOW`].
    estimated: Option<f64>,
}

/// How a candidate is timed.
enum Timed {
    /// In the contest, by this number.
    At(usize),
    /// Not at all.
    Estimated(f64),
}

impl Bench {
    /// How often [`run`](Self::run) says that a part is done.
    #[must_use]
    pub fn parts(&self) -> usize {
        let sweeps = if self.quick { 0 } else { sweeps::count() };
        // The copy kernels, and the cost of recording.
        2 + self.workloads.len() * (1 + self.rounds()) + sweeps
    }

    fn rounds(&self) -> usize {
        if self.quick { 1 } else { ROUNDS }
    }

    /// Measures on the engine's device, and calls `done` after each part. A workload that the device cannot take is skipped, with the reason.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::DeviceLost`] or [`Error::Device`] where the device fails, [`Error::OutOfMemory`] where it cannot even hold the copy
    /// kernels' buffers.
    pub fn run(&self, engine: &Engine, done: &dyn Fn()) -> Result<Record, Error> {
        let (copies, mut skipped) = CopyKernel::all(engine)?;
        let first = copies.first().ok_or_else(|| Error::Device("no copy kernel fits the device".into()))?;
        let clock = Clock::best(engine, first)?;
        let copied = self.copies(&clock, &copies)?;
        let fastest = copied.iter().enumerate().max_by(|(_, one), (_, other)| one.gbs.total_cmp(&other.gbs));
        let best = fastest.and_then(|(at, _)| copies.get(at)).unwrap_or(first);
        done();

        let mut entrants = Vec::new();
        for workload in &self.workloads {
            match self.enter(&clock, workload) {
                Ok(entrant) => entrants.push(entrant),
                Err(error) if error.is_invalid() || error.is_unsupported() || matches!(error, Error::OutOfMemory(_)) => {
                    skipped.push(Skipped { name: workload.name.into(), why: error.to_string() });
                }
                Err(error) => return Err(error),
            }
            done();
        }
        let (copy_gbs, workloads) = self.time(&clock, best, &entrants, done)?;
        let sweeps = if self.quick { Vec::new() } else { sweeps::run(engine, &clock, self.rounds(), done)? };
        let encode = encoding(engine, if self.quick { 10 } else { 200 })?;
        done();

        let adapter = Adapter::of(engine);
        Ok(Record {
            plunge: env!("CARGO_PKG_VERSION").into(),
            software: adapter.is_software(),
            adapter,
            copy_gbs: rounded(copy_gbs),
            workloads,
            date: Some(plunge_workloads::date::now()),
            clock: Some(clock.kind()),
            timestamps_over_wall: clock.agreement().map(rounded),
            rounds: self.rounds(),
            copies: copied,
            skipped,
            sweeps,
            encode: Some(encode),
        })
    }

    /// The copy kernels beside each other.
    fn copies(&self, clock: &Clock, kernels: &[CopyKernel]) -> Result<Vec<Copy>, Error> {
        let mut contest = Contest::new(clock);
        for kernel in kernels {
            contest.add(kernel)?;
        }
        for _ in 0..self.rounds() {
            contest.round()?;
        }
        let copied = kernels.iter().enumerate().filter_map(|(number, kernel)| {
            let times = contest.statistics(number)?;
            let (name, gbs) = (kernel.name(), gbs(kernel.moved(), times.median));
            Some(Copy { name, median_ms: rounded(times.median), gbs: rounded(gbs) })
        });
        Ok(copied.collect())
    }

    /// Prepares a workload by every kernel that takes it, and checks each.
    fn enter(&self, clock: &Clock, workload: &Workload) -> Result<Entrant, Error> {
        let engine = clock.engine();
        let buffers = Buffers::new(engine, workload)?;
        let chosen = Prepared::new(engine, workload, None, &buffers)?;
        let first = chosen.kernel();
        let correct = check::check(engine, workload, first)?;
        let mut kernels = vec![Candidate { prepared: chosen, correct, estimated: None }];
        for &kernel in Kernel::ALL.iter().filter(|&&kernel| kernel != first && !self.quick) {
            let made = Prepared::new(engine, workload, Some(kernel), &buffers);
            match made.and_then(|prepared| Ok((prepared, try_out(clock, workload, kernel)?))) {
                Ok((prepared, (correct, estimated))) => kernels.push(Candidate { prepared, correct, estimated }),
                Err(error) if error.is_invalid() || error.is_unsupported() => {}
                Err(error) => return Err(error),
            }
        }
        let software = Adapter::of(engine).is_software();
        let about_seven = target(workload.name, software).is_some_and(|target| target.measure == Measure::TimeOfSeven);
        let seven = about_seven.then(|| {
            let pooling = Pooling::max([7, 7]).stride([1, 1]).padding([3, 3]);
            Prepared::new(engine, &Workload { pooling, ..workload.clone() }, None, &buffers)
        });
        Ok(Entrant { workload: workload.clone(), bytes: workload.bytes()?, kernels, seven: seven.transpose()? })
    }

    /// Rounds over all workloads, the copy kernel before each of them.
    fn time(
        &self,
        clock: &Clock,
        copy: &CopyKernel,
        entrants: &[Entrant],
        done: &dyn Fn(),
    ) -> Result<(f64, Vec<WorkloadTime>), Error> {
        let mut contest = Contest::new(clock);
        let copy_number = contest.add(copy)?;
        let mut numbers = Vec::new();
        for entrant in entrants {
            let mut own = Vec::new();
            let mut chosen_ms = f64::MAX;
            for candidate in &entrant.kernels {
                own.push(match candidate.estimated {
                    Some(milliseconds) => Timed::Estimated(milliseconds),
                    None if own.is_empty() => {
                        let number = contest.add(&candidate.prepared)?;
                        chosen_ms = contest.expected(number);
                        Timed::At(number)
                    }
                    None => Timed::At(contest.add_beside(&candidate.prepared, chosen_ms)?),
                });
            }
            let seven = entrant.seven.as_ref().map(|seven| contest.add(seven)).transpose()?;
            numbers.push((own, seven));
        }
        for _ in 0..self.rounds() {
            for (own, seven) in &numbers {
                contest.sample(copy_number)?;
                for number in own.iter().filter_map(Timed::number).chain(*seven) {
                    contest.sample(number)?;
                }
                done();
            }
        }
        if entrants.is_empty() {
            contest.sample(copy_number)?;
        }
        let copied = contest.statistics(copy_number).ok_or_else(|| Error::Device("the copy kernel has no time".into()))?;
        let copy_gbs = gbs(copy.moved(), copied.median);
        let software = clock.is_of_software();
        let told = entrants.iter().zip(&numbers).filter_map(|(entrant, (own, seven))| {
            let of_seven = seven.and_then(|number| contest.statistics(number));
            let kernels =
                own.iter().zip(&entrant.kernels).filter_map(|(timed, candidate)| kernel_time(&contest, timed, candidate));
            let kernels: Vec<KernelTime> = kernels.collect();
            let times = contest.statistics(own.first()?.number()?)?;
            Some(workload_time(entrant, times, of_seven, copy_gbs, kernels, software))
        });
        Ok((copy_gbs, told.collect()))
    }
}

impl Timed {
    fn number(&self) -> Option<usize> {
        match self {
            Self::At(number) => Some(*number),
            Self::Estimated(_) => None,
        }
    }
}

/// Whether a kernel is right about a workload thinned out, and the milliseconds that it would take for the whole where these are too many. What would be long even
/// on the thinned one is tried on less.
fn try_out(clock: &Clock, workload: &Workload, kernel: Kernel) -> Result<(bool, Option<f64>), Error> {
    let (tiny, thinned) = (check::tiny(workload), check::thinned(workload));
    let too_slow = |of: &Workload, by: &Workload| {
        let estimated = estimate(clock, of, by, kernel)?;
        Ok::<_, Error>(estimated.filter(|&milliseconds| milliseconds > TOO_SLOW))
    };
    let small = if too_slow(&thinned, &tiny)?.is_some() { tiny } else { thinned };
    Ok((check::check_on(clock.engine(), &small, kernel)?, too_slow(workload, &small)?))
}

/// The milliseconds that a kernel would take for a workload, if its time grew with the taps from those of a smaller one. `None` where it does not take that.
fn estimate(clock: &Clock, workload: &Workload, small: &Workload, kernel: Kernel) -> Result<Option<f64>, Error> {
    let buffers = Buffers::new(clock.engine(), small)?;
    let Ok(prepared) = Prepared::new(clock.engine(), small, Some(kernel), &buffers) else { return Ok(None) };
    let Some((few, many)) = taps(small).zip(taps(workload)) else { return Ok(None) };
    let milliseconds = clock.milliseconds(&prepared, 1)?.min(clock.milliseconds(&prepared, 1)?);
    #[allow(clippy::cast_precision_loss, reason = "an estimate")]
    let times = many as f64 / few.max(1) as f64;
    Ok(Some(milliseconds * times))
}

fn kernel_time(contest: &Contest<'_>, timed: &Timed, candidate: &Candidate) -> Option<KernelTime> {
    let (times, samples) = match *timed {
        Timed::At(number) => (contest.statistics(number)?, contest.samples(number)),
        Timed::Estimated(estimate) => (Statistics { median: estimate, min: estimate, max: estimate }, 0),
    };
    Some(KernelTime {
        name: candidate.prepared.kernel().name().into(),
        key: candidate.prepared.key(),
        median_ms: rounded(times.median),
        min_ms: rounded(times.min),
        max_ms: rounded(times.max),
        samples,
        correct: candidate.correct,
    })
}

fn workload_time(
    entrant: &Entrant,
    times: Statistics,
    of_seven: Option<Statistics>,
    copy_gbs: f64,
    kernels: Vec<KernelTime>,
    software: bool,
) -> WorkloadTime {
    let workload = &entrant.workload;
    let gbs = gbs(entrant.bytes, times.median);
    let copy_ratio = gbs / copy_gbs;
    let target = target(workload.name, software).and_then(|target| {
        let figure = match target.measure {
            Measure::CopyRatio => copy_ratio,
            Measure::TimeOfSeven => times.median / of_seven?.median,
        };
        Some(TargetMark::new(target, figure))
    });
    WorkloadTime {
        name: workload.name.into(),
        kernel: kernels.first().map(|kernel| kernel.key.clone()).unwrap_or_default(),
        median_ms: rounded(times.median),
        min_ms: rounded(times.min),
        max_ms: rounded(times.max),
        bytes: entrant.bytes,
        gbs: rounded(gbs),
        copy_ratio: rounded(copy_ratio),
        correct: kernels.first().is_some_and(|kernel| kernel.correct),
        used_in: workload.used_in.into(),
        taps: taps(workload),
        target,
        kernels,
    }
}
