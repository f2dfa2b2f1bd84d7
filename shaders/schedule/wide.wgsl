// wide: one invocation folds a list for WIDE neighbouring fours of columns, lane by lane: features of tokens, side by side in memory.
//
// Moves, per tap: one number of the list and WIDE vec4s, one after the other; per list: WIDE vec4s of results. Fast because a place in the list is read once for
// sixteen columns, and because neighbouring invocations read whole lines of memory that lie together.
const WIDE = 4u;
const BLOCK = 32u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * WIDE * LANES;
  if (first >= params.extent.x) {
    return;
  }
  let at = place_of(first);
  let rect = rect_of(at);
  let ctx = rect_ctx(rect, at);
  let weighting = weighting_of(rect, ctx);
  let nothing = acc_init(ctx, carry_first(ctx));
  var totals: array<Acc, WIDE>;
  for (var i = 0u; i < WIDE; i++) {
    totals[i] = nothing;
  }
  // Folded in blocks and the blocks merged, so that sums of long lists stay accurate.
  for (var done = 0u; done < rect.depth.count; done += BLOCK) {
    var blocks: array<Acc, WIDE>;
    for (var i = 0u; i < WIDE; i++) {
      blocks[i] = nothing;
    }
    let end = min(done + BLOCK, rect.depth.count);
    for (var tap = done; tap < end; tap++) {
      let index = tap_index(rect.depth.first + tap, 0u, rect.width.first);
      let weight = weight_at(weighting, tap, 0u, 0u);
      for (var i = 0u; i < WIDE; i++) {
        let value = load(element_at(rect.base, index + LANES * i));
        blocks[i] = acc_push(blocks[i], Tap(value, weight, tap, tap_mark(index + LANES * i, tap)), ctx);
      }
    }
    for (var i = 0u; i < WIDE; i++) {
      totals[i] = acc_merge(totals[i], blocks[i]);
    }
  }
  for (var i = 0u; i < WIDE; i++) {
    var own = at;
    own.x += LANES * i;
    var run: Run;
    emit_run(first + LANES * i, run_with(run, 0u, totals[i], rect_ctx(rect, own)), LANES);
  }
}
