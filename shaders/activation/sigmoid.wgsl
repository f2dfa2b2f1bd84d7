// 1/(1 + e^−x). NaN survives, whatever a driver's exp makes of it.
fn activate(x: V) -> V {
  return select(V(1.0) / (V(1.0) + exp(-x)), x, key_is_nan(bitcast<U>(x)));
}

fn activation_slope(x: V) -> V {
  let y = activate(x);
  return y * (V(1.0) - y);
}
