// Draws one of several in proportion to their weights a > 0, by Gumbel's rule: the largest of log2 a − log2 e wins, e = −log2 u being
// exponential and u the lot's own random number. In whole numbers of 2⁻²⁰, so that every device draws the same.
const LOT_NAN = 0xffffffffu;
const LOT_INF = 0x40000000u;

// The score of weight a ≥ 0, given by its bits; 0 is no lot. Above all finite weights stands inf, and NaN above that.
fn lot_score(bits: U, random: U) -> U {
  let exponent = bits >> U(23u);
  let mantissa = (bits & U(0x7fffffu)) | select(U(0x800000u), U(0u), exponent == U(0u));
  // u = (random | 1)/2³², and e·2²⁶ at least 1.
  let e = U(0x80000000u) - min(word_log2(random | U(1u)), U(0x7fffffffu));
  let log_a = (max(exponent, U(1u)) << U(20u)) + (word_log2(max(mantissa, U(1u))) >> U(6u));
  // 32·2²⁰ keeps it positive.
  let finite = log_a + U(0x2000000u) - (word_log2(e) >> U(6u));
  let score = finite + select(U(0u), U(LOT_INF), bits == U(0x7f800000u));
  return select(select(score, U(LOT_NAN), bits > U(0x7f800000u)), U(0u), bits == U(0u));
}

// The score of weight e^x: x and log2 e in fixed point. Beyond ±700 a weight is as good as certain, or as none.
fn lot_score_exp(x: V, random: U) -> U {
  let fixed = I(clamp(x, V(-700.0), V(700.0)) * V(1048576.0));
  let log_size = word_high(U(abs(fixed)), U(0xb8aa3b29u)) << U(1u);
  let e = U(0x80000000u) - min(word_log2(random | U(1u)), U(0x7fffffffu));
  let log_a = select(U(0x50000000u) + log_size, U(0x50000000u) - log_size, fixed < I(0));
  let score = log_a + U(0x2000000u) - (word_log2(e) >> U(6u));
  return select(score, U(LOT_NAN), key_is_nan(bitcast<U>(x)));
}
