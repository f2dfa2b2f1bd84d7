// merge: the second of two steps. One workgroup merges the PARTS = params.grid.y accumulators that schedule/partial.wgsl left
// in scratch for one output, and finishes it.
@group(0) @binding(4) var<storage, read_write> scratch: array<Acc>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let output_id = group.y * params.grid.x + group.x;
  if (output_id >= params.extent.x) {
    return;
  }
  let at = place_of(output_id);
  let ctx = rect_ctx(rect_of(at), at, output_id);
  let parts = params.grid.y;
  var acc = acc_init(ctx, carry_first(ctx));
  for (var part = local; part < parts; part += WORKGROUP) {
    acc = acc_merge(acc, scratch[output_id * parts + part]);
  }
  acc = workgroup_merge(local, acc);
  if (local == 0u) {
    emit_one(output_id, region_answer(acc, ctx), acc_index(acc));
  }
}
