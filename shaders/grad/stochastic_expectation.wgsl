// The way back of the expectation: ∂y/∂x = (2a − y)/Σa where a = x > 0, else 0; NaN where y is not finite.
struct Saved {
  answer: V,
  sum: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_finish(acc, ctx), bitcast<V>(acc.largest) * acc.sum);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let nothing = ((tap.value < V(1.1754944e-38)) & !key_is_nan(bitcast<U>(tap.value))) | is_zero(saved.sum);
  let share = quotient(V(2.0) * tap.value - saved.answer, select(saved.sum, V(1.0), nothing));
  return select(select(nan_of(saved.answer), ahead * share, is_finite(saved.answer)), V(0.0), nothing);
}
