//! Contestants timed in turn (A B C A B C …), so that whatever else the machine does meanwhile falls on all of them alike.

use plunge::Error;

use crate::{Clock, Contestant, Statistics, clock::batch};

/// Milliseconds that a batch lasts, on software adapters and on GPUs: long beside a submission and short beside what disturbs a machine.
const BATCH: [f64; 2] = [40.0, 20.0];

/// One that takes longer than this is timed a few times only.
const SLOW: f64 = 300.0;
const SAMPLES_OF_SLOW: usize = 3;

/// Contestants and their times so far.
pub struct Contest<'a> {
    clock: &'a Clock,
    batch: f64,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    contestant: &'a dyn Contestant,
    runs: u32,
    most: usize,
    /// Milliseconds of one run, from when it warmed up.
    expected: f64,
    samples: Vec<f64>,
}

impl<'a> Contest<'a> {
    /// Nobody yet, to be timed by `clock`.
    #[must_use]
    pub fn new(clock: &'a Clock) -> Self {
        let batch = BATCH[usize::from(!clock.is_of_software())];
        Self { clock, batch, entries: Vec::new() }
    }

    /// Takes up a contestant, runs it to warm up, and finds out how many runs fill a batch. Answers with its number.
    ///
    /// # Errors
    /// As [`Clock::time`].
    pub fn add(&mut self, contestant: &'a dyn Contestant) -> Result<usize, Error> {
        let first = self.clock.milliseconds(contestant, 1)?;
        let (once, most) = if first > SLOW {
            (first, SAMPLES_OF_SLOW)
        } else {
            (self.clock.milliseconds(contestant, 1)?.min(first), usize::MAX)
        };
        let mut runs = batch(once, self.batch);
        let mut expected = once;
        if runs > 8 {
            // One run alone is mostly its submission.
            expected = self.clock.milliseconds(contestant, runs)?;
            runs = batch(expected, self.batch);
        }
        self.entries.push(Entry { contestant, runs, most, expected, samples: Vec::new() });
        Ok(self.entries.len() - 1)
    }

    /// Takes up one that is only there to be compared: where its first run is more than three times as slow as that of `with`, and long, that run is its one sample.
    ///
    /// # Errors
    /// As [`Clock::time`].
    pub fn add_beside(&mut self, contestant: &'a dyn Contestant, with: f64) -> Result<usize, Error> {
        let first = self.clock.milliseconds(contestant, 1)?;
        if first <= 3.0 * with || first < self.batch {
            return self.add(contestant);
        }
        self.entries.push(Entry { contestant, runs: 1, most: 1, expected: first, samples: vec![first] });
        Ok(self.entries.len() - 1)
    }

    /// Takes one sample of a contestant, unless it has as many as it is to have.
    ///
    /// # Errors
    /// As [`Clock::time`].
    pub fn sample(&mut self, number: usize) -> Result<(), Error> {
        if let Some(entry) = self.entries.get_mut(number).filter(|entry| entry.samples.len() < entry.most) {
            entry.samples.push(self.clock.milliseconds(entry.contestant, entry.runs)?);
        }
        Ok(())
    }

    /// Takes one sample of each in turn.
    ///
    /// # Errors
    /// As [`Clock::time`].
    pub fn round(&mut self) -> Result<(), Error> {
        (0..self.entries.len()).try_for_each(|number| self.sample(number))
    }

    /// The milliseconds of one run of a contestant; `None` before its first sample.
    #[must_use]
    pub fn statistics(&self, number: usize) -> Option<Statistics> {
        self.entries.get(number).and_then(|entry| Statistics::of(&entry.samples))
    }

    /// The milliseconds that one run of a contestant took when it warmed up.
    pub(crate) fn expected(&self, number: usize) -> f64 {
        self.entries.get(number).map_or(f64::MAX, |entry| entry.expected)
    }

    /// Samples that a contestant has.
    #[must_use]
    pub fn samples(&self, number: usize) -> usize {
        self.entries.get(number).map_or(0, |entry| entry.samples.len())
    }
}
