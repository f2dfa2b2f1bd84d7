// direct: one invocation walks the regions of GROUP = 4 neighbouring outputs, one after the other, or one region of four neighbouring channels
// lane by lane; a workgroup owns 4 × WORKGROUP outputs. Takes every rect region, op, weighting and window size with one pipeline.
//
// Moves, per output: its region's taps, 4 bytes each, and one result. Four outputs an invocation share the cost of the
// workgroup and, where the output is whole vec4s, one store instruction.
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * 4u;
  if (first >= params.extent.x) {
    return;
  }
  let count = min(params.extent.x - first, 4u);
  var run: Run;
  var at = place_of(first);
  for (var lane = 0u; lane < count; lane += LANES) {
    let rect = rect_of(at);
    let ctx = rect_ctx(rect, at);
    var carry = carry_first(ctx);
    var acc = acc_init(ctx, carry);
    for (var turn = 0u; turn < PASSES; turn++) {
      acc = fold(rect, ctx, carry);
      carry = acc_next(acc, carry);
    }
    run = run_with(run, lane, acc, ctx);
    at = place_next(at);
  }
  emit_run(first, run, count);
}
