// Taps that are a list, along the depth. They are folded in blocks and the blocks merged, so that sums of long lists stay accurate.
const BLOCK = 32u;

fn fold(rect: Rect, ctx: Ctx, carry: Carry) -> Acc {
  return fold_part(rect, 0u, rect.depth.count, ctx, carry);
}

fn fold_part(rect: Rect, from_tap: u32, to_tap: u32, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  var total = acc_init(ctx, carry);
  for (var done = from_tap; done < to_tap; done += BLOCK) {
    var block = acc_init(ctx, carry);
    let end = min(done + BLOCK, to_tap);
    for (var tap = done; tap < end; tap++) {
      block = acc_push(block, rect_tap(rect, weighting, tap, 0u, 0u, tap), ctx);
    }
    total = acc_merge(total, block);
  }
  return total;
}
