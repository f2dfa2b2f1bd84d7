// Of f32, and of bfloat16, its upper half: the key of the infinity that loses to every float, and where NaN begins.
const KEY_LAST = 0x007fffffu;

fn key_is_nan(bits: U) -> B {
  return (bits & U(0x7fffffffu)) > U(0x7f800000u);
}

fn is_finite(x: V) -> B {
  return (bitcast<U>(x) & U(0x7f800000u)) < U(0x7f800000u);
}

// x, or NaN where it is lost. Chosen among integers: of floats a compiler may leave out a choice that it sees to be NaN.
fn or_nan(x: V, lost: B) -> V {
  return bitcast<V>(select(bitcast<U>(x), U(0x7fc00000u), lost));
}

// Whether a float is 0, of either sign: a comparison with NaN may come out either way.
fn is_zero(x: V) -> B {
  return (bitcast<U>(x) << U(1u)) == U(0u);
}
