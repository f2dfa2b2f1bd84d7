// list_merge: the second of two steps for segments. One invocation merges the parts of one segment, most of which are few, in blocks, so that
// sums stay accurate, and finishes it.
//
// params.grid = grid width, parts an image at most, pass, where the carries begin in scratch
@group(0) @binding(4) var<storage, read_write> scratch: array<Acc>;

const BLOCK = 32u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let output_id = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (output_id >= params.extent.x) {
    return;
  }
  let at = place_of(output_id);
  let ctx = rect_ctx(rect_of(at), at, output_id);
  var carry = carry_first(ctx);
  if (params.grid.z > 0u) {
    carry = acc_carry(scratch[params.grid.w + output_id]);
  }
  let row = params.region_words.z + list_row(at);
  let first = at.plane * params.grid.y;
  let to_part = table[row + 1u];
  var total = acc_init(ctx, carry);
  for (var done = table[row]; done < to_part; done += BLOCK) {
    var block = acc_init(ctx, carry);
    let end = min(done + BLOCK, to_part);
    for (var part = done; part < end; part++) {
      block = acc_merge(block, scratch[(first + part) * params.width.y + at.x]);
    }
    total = acc_merge(total, block);
  }
  if (params.grid.z + 1u < PASSES) {
    scratch[params.grid.w + output_id] = acc_init(ctx, acc_next(total, carry));
  } else {
    emit_one(output_id, total, ctx);
  }
}
