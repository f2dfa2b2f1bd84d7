// The way back of log_sum_exp: ∂y/∂x = e^(rx)/Σe^(rx), relative to the largest value; 0 where that is infinite, NaN where it is NaN.
struct Saved {
  key: U,
  sum: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc.key, acc.sum);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let infinite = (saved.key == U(EXPONENTIAL_PLUS_INF)) | (saved.key == U(EXPONENTIAL_MINUS_INF));
  let weightless = bitcast<U>(tap.value) == U(0xff800000u);
  let apart = (tap.value - key_to_value(saved.key)) * V(params.op.x);
  let slope = exp(max(apart, V(-200.0))) / max(saved.sum, V(1.0));
  return or_nan(select(ahead * slope, V(0.0), infinite | weightless), saved.key == U(EXPONENTIAL_NAN));
}
