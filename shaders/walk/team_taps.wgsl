// A team folds the taps from..to of a region, each member taking every TEAM-th, in blocks of BLOCK that are then merged, so that sums stay accurate.
const BLOCK = 32u;

fn team_fold(rect: Rect, from_tap: u32, to_tap: u32, number: u32, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  var total = acc_init(ctx, carry);
  var block = acc_init(ctx, carry);
  var pushed = 0u;
  for (var ordinal = from_tap + number; ordinal < to_tap; ordinal += TEAM) {
    let line = ordinal / rect.width.count;
    let d = line / rect.height.count;
    block = acc_push(block, rect_tap(rect, weighting, d, line % rect.height.count, ordinal % rect.width.count, ordinal), ctx);
    pushed += 1u;
    if (pushed == BLOCK) {
      total = acc_merge(total, block);
      block = acc_init(ctx, carry);
      pushed = 0u;
    }
  }
  return acc_merge(total, block);
}
