// The way back of probabilistic max: ∂y/∂x = P(h = 1)·P(pool off). The detection layer is P(h = 1) = e^x/(1 + Σe^x).
struct Saved {
  key: U,
  total: V,
  off: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  let off = probabilistic_off(acc);
  let total = probabilistic_on(acc) + off;
  return Saved(acc.key, total, off / total);
}

fn detect(tap: Tap, saved: Saved) -> V {
  let largest = key_to_value(saved.key);
  let apart = tap.value - max(largest, V(0.0));
  // The first infinity of several has no more right than the others; each is as good as on.
  let share = exp(apart) / saved.total;
  let certain = (saved.key == U(EXPONENTIAL_PLUS_INF)) & (key_of_bits(bitcast<U>(tap.value)) == U(EXPONENTIAL_PLUS_INF));
  let nothing = key_of_bits(bitcast<U>(tap.value)) == U(EXPONENTIAL_MINUS_INF);
  let answer = select(select(share, V(1.0) / saved.total, certain), V(0.0), nothing);
  return select(answer, largest, saved.key == U(EXPONENTIAL_NAN));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return ahead * detect(tap, saved) * saved.off;
}
