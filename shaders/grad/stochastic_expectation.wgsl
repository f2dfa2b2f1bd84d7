// The way back of the expectation: ∂y/∂x = (2a − y)/Σa where a = x > 0, else 0; NaN where y is not finite.
struct Saved {
  answer: V,
  sum: V,       // Σa, less by `expectation_less`
}

// What all is multiplied by where the sum of values as large as y may be beyond f32: 2⁻⁶⁴, by which nothing is rounded.
fn expectation_less(answer: V) -> V {
  return select(V(1.0), V(5.421010862427522e-20), answer > V(1.0e18));
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  let answer = acc_finish(acc, ctx);
  return Saved(answer, bitcast<V>(acc.largest) * expectation_less(answer) * acc.sum);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let nothing = ((tap.value < V(1.1754944e-38)) & !key_is_nan(bitcast<U>(tap.value))) | (is_zero(saved.sum) & is_finite(saved.answer));
  let less = expectation_less(saved.answer);
  let share = (V(2.0) * (tap.value * less) - saved.answer * less) / select(saved.sum, V(1.0), nothing);
  return or_nan(select(ahead * share, V(0.0), nothing), !nothing & !is_finite(saved.answer));
}
