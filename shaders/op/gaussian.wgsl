// gaussian: Σwx/Σw over V, w falling off with the distance from the region's centre (weighting/gaussian.wgsl). Nothing seen: 0.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.sum / select(acc.weights, V(1.0), acc.weights == V(0.0));
}
