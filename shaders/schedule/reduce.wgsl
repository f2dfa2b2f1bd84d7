// reduce: one workgroup folds one region, or that of four neighbouring channels lane by lane, its invocations striding over the taps side by side, then merges their accumulators
// in a tree in workgroup memory. For regions with many taps and few outputs. A workgroup owns GROUP such, those of one word of memory, one after
// the other.
//
// Moves, per output: its taps once, neighbours read by neighbours, and one result; log2(WORKGROUP) barriers. Fast because a
// region is shared by 64 invocations where direct would leave all but one idle.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let first = (group.y * params.grid.x + group.x) * GROUP * LANES;
  if (first >= params.extent.x) {
    return;
  }
  let count = min(params.extent.x - first, GROUP * LANES);
  var run: Run;
  var at = place_of(first);
  for (var lane = 0u; lane < count; lane += LANES) {
    let rect = rect_of(at);
    let ctx = rect_ctx(rect, at);
    var carry = carry_first(ctx);
    var acc = acc_init(ctx, carry);
    for (var turn = 0u; turn < PASSES; turn++) {
      acc = workgroup_merge(local, workgroup_fold(rect, 0u, rect_taps(rect), local, ctx, carry));
      carry = acc_next(acc, carry);
    }
    run = run_with(run, lane, acc, ctx);
    at = place_next(at);
  }
  if (local == 0u) {
    emit_run(first, run, count);
  }
}
