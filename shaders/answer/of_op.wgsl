// A region without taps answers what the op says of nothing.
fn region_answer(acc: Acc, ctx: Ctx) -> V {
  return acc_finish(acc, ctx);
}
