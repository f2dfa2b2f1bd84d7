// gem: (mean max(x, ε)^p)^(1/p) over V. Nothing seen: 0; NaN and +inf propagate, −inf counts as ε.
//
// params.op = p, 1/p, ε, unused
fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  let below = (tap.value < V(params.op.z)) & !key_is_nan(bits);
  return power_push(acc, select(bits, U(bitcast<u32>(params.op.z)), below) & U(0x7fffffffu), tap.index);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  // No mean is above the largest, whatever the last digit of a device's power: by the bits, so that NaN stays.
  let norm = power_norm(acc, V(1.0 / max(f32(ctx.valid), 1.0)), params.op.y);
  return bitcast<V>(min(bitcast<U>(norm), acc.largest));
}
