// max(x, 0). NaN survives: a driver may turn a comparison of floats into its own max, which loses NaN, so the bits decide.
fn activate(x: V) -> V {
  let bits = bitcast<U>(x);
  return select(x, V(0.0), (bits > U(0x80000000u)) & (bits <= U(0xff800000u)));
}

// The way back: as it is where x > 0 or NaN, else 0.
fn activation_back(x: V, back: V) -> V {
  return select(back, V(0.0), is_zero(activate(x)));
}
