// sum: Σx over V. Nothing seen: 0.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.sum;
}
