// x, or 0.01 x below 0. NaN survives: the bits decide, as in relu.
fn activate(x: V) -> V {
  let bits = bitcast<U>(x);
  return select(x, x * V(0.01), (bits > U(0x80000000u)) & (bits <= U(0xff800000u)));
}

fn activation_slope(x: V) -> V {
  return select(V(0.01), V(1.0), (x > V(0.0)) & !key_is_nan(bitcast<U>(x)));
}
