// One tap after the other.
// A region's taps are folded in blocks of 32 to 63 and the blocks merged, so that sums of long regions stay accurate.
const BLOCK = 32u;

fn fold(rect: Rect, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  var total = acc_init(ctx, carry);
  var block = acc_init(ctx, carry);
  var pushed = 0u;
  var ordinal = 0u;
  for (var d = 0u; d < rect.depth.count; d++) {
    for (var h = 0u; h < rect.height.count; h++) {
      for (var done = 0u; done < rect.width.count; done += BLOCK) {
        let end = min(done + BLOCK, rect.width.count);
        for (var w = done; w < end; w++) {
          block = acc_push(block, rect_tap(rect, weighting, d, h, w, ordinal), ctx);
          ordinal += 1u;
        }
        pushed += end - done;
        if (pushed >= BLOCK) {
          total = acc_merge(total, block);
          block = acc_init(ctx, carry);
          pushed = 0u;
        }
      }
    }
  }
  return acc_merge(total, block);
}
