// max(x, 0). NaN survives: a driver may turn a comparison of floats into its own max, which loses NaN, so the bits decide.
fn activate(x: V) -> V {
  let bits = bitcast<U>(x);
  return select(x, V(0.0), (bits > U(0x80000000u)) & (bits <= U(0xff800000u)));
}

fn activation_slope(x: V) -> V {
  return select(V(0.0), V(1.0), (x > V(0.0)) & !key_is_nan(bitcast<U>(x)));
}
