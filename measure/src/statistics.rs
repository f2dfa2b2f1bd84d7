//! What is told of a set of times.

/// The middle and the ends of a set of times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Statistics {
    /// Of these times, in their unit and any order; `None` where there are none. Those that are no numbers are left out.
    #[must_use]
    pub fn of(times: &[f64]) -> Option<Self> {
        let mut times: Vec<f64> = times.iter().copied().filter(|time| time.is_finite()).collect();
        times.sort_by(f64::total_cmp);
        let (&min, &max) = (times.first()?, times.last()?);
        let middle = times.len() / 2;
        let median = if times.len() % 2 == 1 { times[middle] } else { f64::midpoint(times[middle - 1], times[middle]) };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        for (times, median, min, max) in [
            (&[3.0][..], 3.0, 3.0, 3.0),
            (&[3.0, 1.0], 2.0, 1.0, 3.0),
            (&[9.0, 1.0, 2.0], 2.0, 1.0, 9.0),
            (&[4.0, 100.0, 1.0, 2.0], 3.0, 1.0, 100.0),
            (&[f64::NAN, 5.0, f64::INFINITY], 5.0, 5.0, 5.0),
        ] {
            assert_eq!(Statistics::of(times), Some(Statistics { median, min, max }), "{times:?}");
        }
        assert_eq!(Statistics::of(&[]), None);
        assert_eq!(Statistics::of(&[f64::NAN]), None);
    }
}
