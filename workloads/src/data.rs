//! Inputs that are the same at every run.

/// What values an input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Small whole numbers with many ties: sums of them are exact in f32.
    Integers,
    /// Reals between −8 and 8.
    Reals,
    /// Reals about 300 with a spread of 1: what cancels badly.
    Offset,
    /// Reals among which are NaN of both signs, ±inf, −0 and subnormals.
    Specials,
    /// Reals with one +inf in their middle: what NaN elsewhere would hide.
    OneInfinity,
    /// Reals up to 1.2e38: quotients by most of them are nothing that WGSL promises.
    Huge,
    /// −inf only: what a kernel that begins with a large negative number gets wrong.
    MinusInfinity,
}

impl Data {
    /// Every kind that every op has answers for.
    pub const ALL: [Self; 5] = [Self::Integers, Self::Reals, Self::Offset, Self::Specials, Self::MinusInfinity];

    /// `count` bytes of anything, with runs of equal ones among them so that there are ties; the same for the same seed.
    #[must_use]
    pub fn bits(self, count: usize, seed: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes: Vec<u8> = Vec::with_capacity(count + 4);
        while bytes.len() < count {
            let word = match bytes.len().checked_sub(8).filter(|_| random.u8(..3) == 0) {
                Some(before) => [0, 1, 2, 3].map(|at| bytes[before + at]),
                None => random.u32(..).to_ne_bytes(),
            };
            bytes.extend(word);
        }
        bytes.truncate(count);
        bytes
    }

    /// `count` values of this kind; the same for the same seed.
    #[must_use]
    pub fn values(self, count: usize, seed: u64) -> Vec<f32> {
        const SPECIALS: [f32; 9] =
            [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.0, 1e-40, -1e-40, f32::MIN_POSITIVE];
        let mut random = fastrand::Rng::with_seed(seed);
        let mut value = || match self {
            Self::Integers => f32::from(random.i8(-9..=9)),
            Self::Reals | Self::OneInfinity => random.f32() * 16.0 - 8.0,
            Self::Offset => 300.0 + random.f32() * 2.0 - 1.0,
            Self::Specials if random.u8(..16) == 0 => SPECIALS[random.usize(..SPECIALS.len())],
            Self::Specials => random.f32() * 16.0 - 8.0,
            Self::Huge => (random.f32() * 2.0 - 1.0) * 1.2e38,
            Self::MinusInfinity => f32::NEG_INFINITY,
        };
        let mut values: Vec<f32> = (0..count).map(|_| value()).collect();
        if let Some(middle) = values.get_mut(count / 2).filter(|_| self == Self::OneInfinity) {
            *middle = f32::INFINITY;
        }
        values
    }
}
