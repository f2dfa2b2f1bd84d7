//! The draws of stochastic pooling, in whole numbers wider than the kernels have.

/// The first word of Philox4x32-10 at counter (first, second, 0, 0).
pub(super) fn philox([first, second]: [u32; 2], seed: u64) -> u32 {
    let mut counter = [first, second, 0, 0];
    let mut key = words(seed);
    for _ in 0..10 {
        let [left, right] = [(counter[0], 0xd251_1f53u64), (counter[2], 0xcd9e_8d57)].map(|(x, m)| words(u64::from(x) * m));
        counter = [right[1] ^ counter[1] ^ key[0], right[0], left[1] ^ counter[3] ^ key[1], left[0]];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter[0]
}

/// log₂(x)·2²⁶ by the polynomial that the definition fixes: f·P(f) for the fraction f after the first bit of x, in 32-bit fixed point.
fn log2(x: u32) -> u64 {
    const COEFFICIENTS: [u64; 9] =
        [0x00f8_5a6a, 0x0576_c622, 0x0e78_7cd5, 0x1940_a46b, 0x234a_c838, 0x2de0_fc1f, 0x3d87_6de9, 0x5c54_e141, 0xb8aa_3ace];
    let place = u64::from(x.ilog2());
    let f = (u64::from(x) << (32 - place)) & 0xffff_ffff;
    let p = COEFFICIENTS.into_iter().fold(0, |p, coefficient| coefficient - ((p * f) >> 32));
    (place << 26) + (((p * f) >> 32) >> 5)
}

/// The score of a lot of weight `weight` ≥ 0: log₂ a − log₂(−log₂ u) in 2⁻²⁰, plus a constant; `None` is no lot.
pub(super) fn score(weight: f32, random: u32) -> Option<u64> {
    let bits = weight.to_bits();
    let e = (1u64 << 31) - log2(random | 1).min((1 << 31) - 1);
    let log_a = |mantissa: u32, exponent: u32| u64::from(exponent << 20) + (log2(mantissa) >> 6);
    let noise = (32 << 20) - (log2(u32::try_from(e).unwrap_or(u32::MAX)) >> 6);
    match (bits >> 23, bits & 0x7f_ffff) {
        (0, 0) => None,
        (0, fraction) => Some(log_a(fraction, 1) + noise),
        (255, 0) => Some(log_a(0x80_0000, 255) + noise + (1 << 30)),
        (255, _) => Some(0xffff_ffff),
        (exponent, fraction) => Some(log_a(0x80_0000 | fraction, exponent) + noise),
    }
}

/// The score of a lot of weight eˣ: x and log₂e in fixed point, x being held within ±700.
#[allow(clippy::cast_possible_truncation, reason = "below 2³⁰")]
pub(super) fn score_exp(x: f32, random: u32) -> u64 {
    let fixed = i64::from((x.clamp(-700.0, 700.0) * 1_048_576.0) as i32);
    let log_size = (((fixed.unsigned_abs() * 0xb8aa_3b29) >> 32) << 1).cast_signed();
    let e = (1u64 << 31) - log2(random | 1).min((1 << 31) - 1);
    let noise = (32 << 20) - (log2(u32::try_from(e).unwrap_or(u32::MAX)) >> 6);
    (0x5000_0000 + if fixed < 0 { -log_size } else { log_size }).cast_unsigned() + noise
}

/// The low and high word.
#[allow(clippy::cast_possible_truncation, reason = "the two halves")]
fn words(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of Random123's known answers: key and counter 0.
    #[test]
    fn philox_gives_the_known_answer() {
        assert_eq!(philox([0, 0], 0), 0x6627_e8d5);
    }

    #[test]
    fn the_logarithm_is_good_to_24_bits() {
        for x in (1..=u32::MAX).step_by(99_991).chain([1, 2, 3, u32::MAX]) {
            #[allow(clippy::cast_precision_loss, reason = "26 + 5 bits")]
            let got = log2(x) as f64 / f64::from(1 << 26);
            assert!((got - f64::from(x).log2()).abs() < 1e-7, "{x}: {got}");
        }
    }

    #[test]
    fn infinity_outbids_every_number_and_nan_infinity() {
        let numbers = [0, 1, 0x8000_0000, u32::MAX];
        let lowest = |weight| numbers.map(|random| score(weight, random)).into_iter().min();
        let highest = |weight| numbers.map(|random| score(weight, random)).into_iter().max();
        assert!(lowest(f32::INFINITY) > highest(f32::MAX) && lowest(f32::NAN) > highest(f32::INFINITY));
        assert!(lowest(f32::from_bits(1)) > Some(Some(0)) && score(0.0, 7).is_none());
    }
}
