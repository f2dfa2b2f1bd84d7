// lp: (Σ|x|^p)^(1/p) over V, no mean. Nothing seen: 0; NaN and inf propagate. p = 2 overflows beyond |x| = 1.8e19.
//
// params.op = p, 1/p, unused, unused
fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  if (OP_VARIANT == POWER_ONE) {
    return Acc(acc.largest, acc.sum + abs(tap.value), acc.index, acc.logs);
  }
  if (OP_VARIANT == POWER_TWO) {
    return Acc(acc.largest, acc.sum + tap.value * tap.value, acc.index, acc.logs);
  }
  return power_push(acc, bitcast<U>(tap.value) & U(0x7fffffffu), tap.index);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  if (OP_VARIANT == POWER_ONE) {
    return acc.sum;
  }
  if (OP_VARIANT == POWER_TWO) {
    return sqrt(acc.sum);
  }
  if (OP_VARIANT == POWER_INF) {
    return bitcast<V>(acc.largest);
  }
  return power_norm(acc, V(1.0), params.op.y);
}
