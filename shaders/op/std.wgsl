// std: the population standard deviation of V. Nothing seen: 0.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return sqrt(moments_variance(acc));
}
