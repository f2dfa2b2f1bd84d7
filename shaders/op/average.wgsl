// average: Σx / divisor over V. The divisor is the region's (valid taps, or padding too), divisor_override, or the root of it.
// Nothing seen: 0.
//
// params.op = divisor_override, unused, unused, unused
// params.op_words = 1 where there is a divisor_override, 1 for sqrt_divisor, unused, unused
fn average_divisor(ctx: Ctx) -> V {
  let counted = max(ctx.divisor, 1.0);
  let rooted = select(counted, sqrt(counted), params.op_words.y != 0u);
  return V(select(rooted, params.op.x, params.op_words.x != 0u));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.sum / average_divisor(ctx);
}
