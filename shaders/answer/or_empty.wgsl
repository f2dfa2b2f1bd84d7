// A region without taps answers `empty`, whatever the op.
//
// params.region.x = empty
fn region_answer(acc: Acc, ctx: Ctx) -> V {
  return select(acc_finish(acc, ctx), value_of(params.region.x), B(ctx.valid == 0u));
}
