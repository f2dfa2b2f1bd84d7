// a / b for b of any size: WGSL promises nothing of quotients by more than 2¹²⁶, and some devices give 0.
fn quotient(a: V, b: V) -> V {
  let less = select(V(1.0), V(0.25), abs(b) > V(8.5070592e37));
  return (a * less) / (b * less);
}
