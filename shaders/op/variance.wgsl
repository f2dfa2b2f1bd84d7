// variance: the population variance of V. Nothing seen: 0.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return moments_variance(acc);
}
