// The way back of soft: ∂y/∂x = e^(βx)/Σe^(βx) · (1 + β(x − y)), relative to the value that weighs most; 0 where that is infinite,
// NaN where it is NaN, and with β = 0 the mean's 1/n. As forward, in z = ±x, whose β is positive; the two signs cancel.
struct Saved {
  key: U,
  weights: V,
  mean: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc.key, acc.weights, acc.weighted / select(acc.weights, V(1.0), acc.weights == V(0.0)));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let z = tap.value * V(params.op.y);
  let flat = B(params.op.x == 0.0);
  let infinite = (saved.key == U(SOFT_PLUS_INF)) | (saved.key == U(SOFT_MINUS_INF));
  let apart = select((z - key_to_value(saved.key)) * V(params.op.x), V(0.0), flat);
  let weight = exp(max(apart, V(-200.0)));
  // What weighs nothing may be so far away that 1 + β(x − y) is beyond f32.
  let weightless = ((bitcast<U>(weight) & U(0x7f800000u)) == U(0u)) | (bitcast<U>(z) == U(0xff800000u));
  let steep = select(V(1.0) + V(params.op.x) * (z - saved.mean), V(1.0), flat);
  let share = weight * steep / max(saved.weights, V(1.0));
  let slope = select(ahead * share, V(0.0), (infinite | weightless) & !flat);
  return or_nan(slope, (saved.key == U(SOFT_NAN)) & !flat);
}
