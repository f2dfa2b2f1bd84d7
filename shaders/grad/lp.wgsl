// The way back of lp: ∂y/∂x = sign x · (|x|/y)^(p − 1), 0 at x = 0 and where y = 0. p = ∞ gives all to the first of the largest |x|.
struct Saved {
  answer: V,
  index: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_finish(acc, ctx), acc.index);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let toward = ahead * sign(tap.value);
  if (OP_VARIANT == POWER_ONE) {
    return toward;
  }
  if (OP_VARIANT == POWER_INF) {
    return select(V(0.0), toward, U(tap.index) == saved.index);
  }
  let nothing = is_zero(saved.answer);
  let ratio = quotient(abs(tap.value), select(saved.answer, V(1.0), nothing));
  if (OP_VARIANT == POWER_TWO) {
    return select(toward * ratio, V(0.0), nothing);
  }
  return select(toward * pow(ratio, V(params.op.x - 1.0)), V(0.0), nothing | is_zero(ratio));
}
