// x, or 0.01 x below 0. NaN survives: the bits decide, as in relu.
fn activate(x: V) -> V {
  let bits = bitcast<U>(x);
  return select(x, x * V(0.01), (bits > U(0x80000000u)) & (bits <= U(0xff800000u)));
}

// The way back: as it is where x > 0, else a hundredth.
fn activation_back(x: V, back: V) -> V {
  let bits = bitcast<U>(x);
  return select(back * V(0.01), back, !is_zero(x) & (bits <= U(0x7f800000u)));
}
