// probabilistic max: the probability that a unit of a block is on, Σe^x/(1 + Σe^x), at most one being on at a time. Relative to the largest of
// the x and 0, so nothing overflows. Nothing seen: 0; NaN gives NaN.
//
// params.op.x = 1

// What the largest x and 0 are relative to: e^x of the units in all, and of none being on.
fn probabilistic_on(acc: Acc) -> V {
  let largest = key_to_value(acc.key);
  return select(acc.sum * exp(min(largest, V(0.0))), max(acc.sum, V(1.0)), acc.key == U(EXPONENTIAL_PLUS_INF));
}

fn probabilistic_off(acc: Acc) -> V {
  return exp(-max(key_to_value(acc.key), V(0.0)));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let on = probabilistic_on(acc);
  let answer = on / (on + probabilistic_off(acc));
  return select(select(answer, V(0.0), acc.key <= U(EXPONENTIAL_MINUS_INF)), key_to_value(acc.key), acc.key == U(EXPONENTIAL_NAN));
}
