// list_merge: the second of two steps for segments. One invocation merges the parts of one segment, most of which are few, in blocks, so that
// sums stay accurate, and finishes it; it owns GROUP of them, those of one word of memory.
//
// params.grid = grid width, parts an image at most, pass, where the carries begin in scratch
@group(0) @binding(4) var<storage, read_write> scratch: array<Acc>;

const BLOCK = 32u;

fn merged(at: Place, ctx: Ctx, carry: Carry) -> Acc {
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
  return total;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.extent.x) {
    return;
  }
  let count = min(params.extent.x - first, GROUP);
  var run: Run;
  var at = place_of(first);
  for (var lane = 0u; lane < count; lane++) {
    let ctx = rect_ctx(rect_of(at), at);
    let kept = params.grid.w + number_of(at);
    var carry = carry_first(ctx);
    if (params.grid.z > 0u) {
      carry = acc_carry(scratch[kept]);
    }
    let acc = merged(at, ctx, carry);
    if (params.grid.z + 1u == PASSES) {
      run = run_with(run, lane, acc, ctx);
    } else {
      scratch[kept] = acc_init(ctx, acc_next(acc, carry));
    }
    at = place_next(at);
  }
  if (params.grid.z + 1u == PASSES) {
    emit_run(first, run, count);
  }
}
