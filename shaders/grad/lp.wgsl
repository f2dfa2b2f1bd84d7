// The way back of lp: ∂y/∂x = sign x · (|x|/y)^(p − 1), 0 at x = 0 and where y = 0; NaN at an infinity, and everywhere where y is NaN. p = 1 looks at no
// y, and p = ∞ gives all to the first of the largest |x|, or the first NaN.
struct Saved {
  answer: V,
  index: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  let answer = acc_finish(acc, ctx);
  if (OP_VARIANT == POWER_TWO) {
    // Not left to a root.
    return Saved(select(answer, acc.sum, !is_finite(acc.sum)), acc.index);
  }
  return Saved(answer, acc.index);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let bits = bitcast<U>(tap.value);
  let toward = select(ahead * select(V(1.0), V(-1.0), bits >= U(0x80000000u)), V(0.0), is_zero(tap.value));
  if (OP_VARIANT == POWER_ONE) {
    return or_nan(toward, key_is_nan(bits));
  }
  if (OP_VARIANT == POWER_INF) {
    let chosen = U(tap.index) == saved.index;
    return or_nan(select(V(0.0), toward, chosen), chosen & key_is_nan(bits));
  }
  let nothing = is_zero(saved.answer) | !is_finite(saved.answer);
  let ratio = quotient(abs(tap.value), select(saved.answer, V(1.0), nothing));
  let lost = key_is_nan(bitcast<U>(saved.answer)) | !is_finite(tap.value);
  if (OP_VARIANT == POWER_TWO) {
    return or_nan(select(toward * ratio, V(0.0), nothing), lost);
  }
  return or_nan(select(toward * pow(ratio, V(params.op.x - 1.0)), V(0.0), nothing | is_zero(ratio)), lost);
}
