// variance: the population variance of V. Nothing seen: 0.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.squares / max(acc.count, V(1.0));
}
