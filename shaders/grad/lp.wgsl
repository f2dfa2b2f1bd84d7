// The way back of lp: ∂y/∂x = sign x · (|x|/y)^(p − 1), 0 at x = 0 and where y = 0; NaN at an infinity, and everywhere where y is NaN. p = 1 looks at no
// y, and p = ∞ gives all to the first of the largest |x|, or the first NaN.
struct Saved {
  answer: V,
  index: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_finish(acc, ctx), acc.index);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let bits = bitcast<U>(tap.value);
  let sided = select(V(1.0), V(-1.0), bits >= U(0x80000000u));
  let toward = ahead * select(sided, tap.value, is_zero(tap.value) | key_is_nan(bits));
  if (OP_VARIANT == POWER_ONE) {
    return toward;
  }
  if (OP_VARIANT == POWER_INF) {
    return select(V(0.0), toward, U(tap.index) == saved.index);
  }
  let nothing = is_zero(saved.answer);
  let ratio = quotient(abs(tap.value), select(saved.answer, V(1.0), nothing));
  let lost = key_is_nan(bitcast<U>(saved.answer)) | !is_finite(tap.value);
  if (OP_VARIANT == POWER_TWO) {
    return select(select(toward * ratio, V(0.0), nothing), nan_of(saved.answer), lost);
  }
  let slope = select(toward * pow(ratio, V(params.op.x - 1.0)), V(0.0), nothing | is_zero(ratio));
  return select(slope, nan_of(saved.answer), lost);
}
