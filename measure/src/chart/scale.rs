//! Scales: from numbers to places.

/// A scale along one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    logarithmic: bool,
    domain: [f64; 2],
    range: [f64; 2],
}

impl Scale {
    /// From 0 to `most`.
    pub(super) fn linear(most: f64, range: [f64; 2]) -> Self {
        Self { logarithmic: false, domain: [0.0, most.max(f64::MIN_POSITIVE)], range }
    }

    /// About these numbers, with a little room at both ends. Those not above 0 have no place on it.
    pub(super) fn about(numbers: impl IntoIterator<Item = f64>, range: [f64; 2]) -> Self {
        let positive = numbers.into_iter().filter(|number| number.is_finite() && *number > 0.0);
        let ends = positive.fold(None, |ends: Option<[f64; 2]>, number| match ends {
            Some([least, most]) => Some([least.min(number), most.max(number)]),
            None => Some([number, number]),
        });
        let [least, most] = ends.unwrap_or([1.0, 10.0]);
        let room = (most / least).powf(0.08).max(1.4);
        Self { logarithmic: true, domain: [least / room, most * room], range }
    }

    /// The place of a number; beyond the ends, the end.
    pub(super) fn at(&self, number: f64) -> f64 {
        let of = |number: f64| if self.logarithmic { number.max(f64::MIN_POSITIVE).ln() } else { number };
        let [from, to] = self.domain.map(of);
        let share = ((of(number) - from) / (to - from)).clamp(0.0, 1.0);
        self.range[0] + share * (self.range[1] - self.range[0])
    }

    /// Whether a number lies within.
    pub(super) fn holds(&self, number: f64) -> bool {
        (self.domain[0]..=self.domain[1]).contains(&number)
    }

    pub(super) fn domain(&self) -> [f64; 2] {
        self.domain
    }

    /// Round numbers within, from three to ten of them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let [from, to] = self.domain;
        if !self.logarithmic {
            let rough = (to - from) / 6.0;
            let unit = 10f64.powf(rough.log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|step| *step >= rough).unwrap_or(rough);
            return (0..10u32).map(|count| f64::from(count) * step).filter(|tick| self.holds(*tick)).collect();
        }
        #[allow(clippy::cast_possible_truncation, reason = "exponents are small")]
        let powers = from.log10().floor() as i32..=to.log10().ceil() as i32;
        let all = |of: &[f64]| -> Vec<f64> {
            powers
                .clone()
                .flat_map(|power| of.iter().map(move |times| times * 10f64.powi(power)))
                .filter(|tick| self.holds(*tick))
                .collect()
        };
        let fine = all(&[1.0, 2.0, 5.0]);
        if fine.len() > 8 { all(&[1.0]) } else { fine }
    }
}

/// A number as a label has it: two or three digits.
pub(super) fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => trimmed(&format!("{number:.1}")),
        size if size >= 0.1 || size == 0.0 => trimmed(&format!("{number:.2}")),
        size if size >= 0.01 => trimmed(&format!("{number:.3}")),
        _ => trimmed(&format!("{number:.4}")),
    }
}

fn trimmed(number: &str) -> String {
    number.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_within_the_range() {
        let rates = Scale::about([0.02, 12.0, f64::NAN, 0.0, -3.0], [400.0, 0.0]);
        let places: Vec<f64> = [0.0, 0.02, 1.0, 12.0, 1e9].map(|rate| rates.at(rate)).into();
        assert!(places.iter().all(|place| (0.0..=400.0).contains(place)), "{places:?}");
        assert!(places.is_sorted_by(|one, other| one > other || (one - other).abs() < 1e-9), "{places:?}");
        assert_eq!(Scale::linear(2.0, [100.0, 300.0]).at(0.5), 150.0);
        assert!(Scale::about([], [0.0, 1.0]).at(3.0).is_finite());
    }

    #[test]
    fn ticks_are_round_and_few() {
        for scale in [
            Scale::linear(1.2, [0.0, 1.0]),
            Scale::linear(0.3, [0.0, 1.0]),
            Scale::linear(75.0, [0.0, 1.0]),
            Scale::about([0.02, 12.0], [0.0, 1.0]),
            Scale::about([3.0, 31.0], [0.0, 1.0]),
            Scale::about([5.0], [0.0, 1.0]),
            Scale::about([0.001, 900.0], [0.0, 1.0]),
        ] {
            let ticks = scale.ticks();
            assert!((1..=10).contains(&ticks.len()), "{scale:?}: {ticks:?}");
            assert!(ticks.iter().all(|tick| scale.holds(*tick)));
        }
        assert_eq!(Scale::linear(1.0, [0.0, 1.0]).ticks().len(), 6);
    }

    #[test]
    fn labels_are_short() {
        let labels = [0.0, 0.02, 0.5, 0.48123, 1.0, 5.5349, 11.52, 320.4, 0.00123].map(short);
        assert_eq!(labels, ["0", "0.02", "0.5", "0.48", "1", "5.53", "11.5", "320", "0.0012"]);
    }
}
