// reduce: one workgroup folds one region, its invocations striding over the taps side by side, then merges their accumulators
// in a tree in workgroup memory. For regions with many taps and few outputs.
//
// Moves, per output: its taps once, neighbours read by neighbours, and one result; log2(WORKGROUP) barriers. Fast because a
// region is shared by 64 invocations where direct would leave all but one idle.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let output_id = group.y * params.grid.x + group.x;
  if (output_id >= params.extent.x) {
    return;
  }
  let at = place_of(output_id);
  let rect = rect_of(at);
  let ctx = rect_ctx(rect, at, output_id);
  var carry = carry_first(ctx);
  var acc = acc_init(ctx, carry);
  for (var turn = 0u; turn < PASSES; turn++) {
    acc = workgroup_merge(local, workgroup_fold(rect, 0u, rect_taps(rect), local, ctx, carry));
    carry = acc_next(acc, carry);
  }
  if (local == 0u) {
    emit_one(output_id, acc, ctx);
  }
}
