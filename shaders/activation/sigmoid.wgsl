// 1/(1 + e^−x). NaN survives, whatever a driver's exp makes of it.
fn activate(x: V) -> V {
  return select(V(1.0) / (V(1.0) + exp(-x)), x, key_is_nan(bitcast<U>(x)));
}

// The way back: y(1 − y) of it. What nothing comes back to stays 0, be it NaN.
fn activation_back(x: V, back: V) -> V {
  let y = activate(x);
  let none = is_zero(back);
  return or_nan(select(back * (y * (V(1.0) - y)), V(0.0), none), key_is_nan(bitcast<U>(x)) & !none);
}
