// direct: one invocation walks the regions of GROUP = 4 neighbouring outputs, one after the other, or one region of four neighbouring channels
// lane by lane; a workgroup owns 4 × WORKGROUP outputs. Takes every rect region, op, weighting and window size with one pipeline.
//
// Moves, per output: its region's taps, 4 bytes each, and one result. Four outputs an invocation share the cost of the
// workgroup and, where the output is whole vec4s, one store instruction.
// How a region is folded is a file of walk/.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
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
