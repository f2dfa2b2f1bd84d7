// A team folds a region whose taps lie side by side on every row, each member taking every TEAM-th four from the multiple of four at or before the row's first tap on, in
// tensors of whole fours; in blocks of BLOCK taps that are then merged, so that sums stay accurate. All of the region, or where to_tap is 0 nothing: parts begin at any tap, and are
// walk/team_taps.wgsl's.
const BLOCK = 32u;

fn team_fold(rect: Rect, from_tap: u32, to_tap: u32, number: u32, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  let count = rect.width.count;
  var total = acc_init(ctx, carry);
  var block = acc_init(ctx, carry);
  var pushed = 0u;
  var ordinal = 0u;
  if (to_tap == 0u) {
    return total;
  }
  for (var d = 0u; d < rect.depth.count; d++) {
    for (var h = 0u; h < rect.height.count; h++) {
      let index = tap_index(rect.depth.first + d * rect.depth.step, rect.height.first + h * rect.height.step, rect.width.first);
      let first = rect.base + index;
      let lead = first % 4u;
      for (var at = 4u * number; at < lead + count; at += 4u * TEAM) {
        let four = fetch_four(first - lead + at);
        // Before the row's first tap it wraps, and is none.
        let w = at - lead;
        if (w < count) {
          block = acc_push(block, run_tap(weighting, activate(four.x), d, h, w, index, ordinal), ctx);
        }
        if (w + 1u < count) {
          block = acc_push(block, run_tap(weighting, activate(four.y), d, h, w + 1u, index, ordinal), ctx);
        }
        if (w + 2u < count) {
          block = acc_push(block, run_tap(weighting, activate(four.z), d, h, w + 2u, index, ordinal), ctx);
        }
        if (w + 3u < count) {
          block = acc_push(block, run_tap(weighting, activate(four.w), d, h, w + 3u, index, ordinal), ctx);
        }
        pushed += 4u;
        if (pushed >= BLOCK) {
          total = acc_merge(total, block);
          block = acc_init(ctx, carry);
          pushed = 0u;
        }
      }
      ordinal += count;
    }
  }
  return acc_merge(total, block);
}
