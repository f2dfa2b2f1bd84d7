// merge: the second of two steps. One workgroup merges the PARTS = params.grid.y accumulators that schedule/partial.wgsl left
// in scratch for one output, and finishes it.
//
// params.grid = grid width, parts, pass, where the carries begin in scratch
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
  var carry = carry_first(ctx);
  if (params.grid.z > 0u) {
    carry = acc_carry(scratch[params.grid.w + output_id]);
  }
  var acc = acc_init(ctx, carry);
  for (var part = local; part < parts; part += WORKGROUP) {
    acc = acc_merge(acc, scratch[output_id * parts + part]);
  }
  acc = workgroup_merge(local, acc);
  if (local == 0u) {
    if (params.grid.z + 1u < PASSES) {
      scratch[params.grid.w + output_id] = acc_init(ctx, acc_next(acc, carry));
    } else {
      emit_one(output_id, acc, ctx);
    }
  }
}
