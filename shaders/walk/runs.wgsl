// The taps of a row lie side by side: four at a time between the first and the last multiple of four, in tensors of whole fours.
// A region's taps are folded in blocks of 32 to 63 and the blocks merged, so that sums of long regions stay accurate.
const BLOCK = 32u;

fn fold(rect: Rect, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  let count = rect.width.count;
  var total = acc_init(ctx, carry);
  var block = acc_init(ctx, carry);
  var pushed = 0u;
  var ordinal = 0u;
  for (var d = 0u; d < rect.depth.count; d++) {
    for (var h = 0u; h < rect.height.count; h++) {
      let index = tap_index(rect.depth.first + d * rect.depth.step, rect.height.first + h * rect.height.step, rect.width.first);
      let first = rect.base + index;
      let head = min((4u - first % 4u) % 4u, count);
      let fours = head + ((count - head) / 4u) * 4u;
      for (var w = 0u; w < head; w++) {
        block = acc_push(block, run_tap(weighting, load(first + w), d, h, w, index, ordinal), ctx);
      }
      for (var w = head; w < fours; w += 4u) {
        let four = fetch_four(first + w);
        block = acc_push(block, run_tap(weighting, activate(four.x), d, h, w, index, ordinal), ctx);
        block = acc_push(block, run_tap(weighting, activate(four.y), d, h, w + 1u, index, ordinal), ctx);
        block = acc_push(block, run_tap(weighting, activate(four.z), d, h, w + 2u, index, ordinal), ctx);
        block = acc_push(block, run_tap(weighting, activate(four.w), d, h, w + 3u, index, ordinal), ctx);
        pushed += 4u;
        if (pushed >= BLOCK) {
          total = acc_merge(total, block);
          block = acc_init(ctx, carry);
          pushed = 0u;
        }
      }
      for (var w = fours; w < count; w++) {
        block = acc_push(block, run_tap(weighting, load(first + w), d, h, w, index, ordinal), ctx);
      }
      ordinal += count;
      pushed += head + count - fours;
      if (pushed >= BLOCK) {
        total = acc_merge(total, block);
        block = acc_init(ctx, carry);
        pushed = 0u;
      }
    }
  }
  return acc_merge(total, block);
}
