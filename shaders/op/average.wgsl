// average: Σx / divisor over V. The divisor is the region's (valid taps, or padding too), divisor_override, or the root of it.
// Nothing seen: 0.
//
// params.op = divisor_override or 0, 1 for sqrt_divisor, unused, unused
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let counted = max(ctx.divisor, 1.0);
  let rooted = select(counted, sqrt(counted), params.op.y != 0.0);
  return acc.sum / V(select(rooted, params.op.x, params.op.x != 0.0));
}
