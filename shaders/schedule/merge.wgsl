// merge: the second of two steps. One workgroup merges the PARTS = params.grid.y accumulators that schedule/partial.wgsl left
// in scratch for one output, or for four neighbouring channels, and finishes it. A workgroup owns GROUP such, those of one word of memory, one
// after the other.
//
// params.grid = grid width, parts, pass, where the carries begin in scratch
@group(0) @binding(4) var<storage, read_write> scratch: array<Acc>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let first = (group.y * params.grid.x + group.x) * GROUP * LANES;
  if (first >= params.extent.x) {
    return;
  }
  let count = min(params.extent.x - first, GROUP * LANES);
  let parts = params.grid.y;
  var run: Run;
  var at = place_of(first);
  for (var lane = 0u; lane < count; lane += LANES) {
    let own = (first + lane) / LANES;
    let ctx = rect_ctx(rect_of(at), at);
    var carry = carry_first(ctx);
    if (params.grid.z > 0u) {
      carry = acc_carry(scratch[params.grid.w + own]);
    }
    var acc = acc_init(ctx, carry);
    for (var part = local; part < parts; part += WORKGROUP) {
      acc = acc_merge(acc, scratch[own * parts + part]);
    }
    acc = team_merge(local, member_of(local), acc);
    if (params.grid.z + 1u == PASSES) {
      run = run_with(run, lane, acc, ctx);
    } else if (local == 0u) {
      scratch[params.grid.w + own] = acc_init(ctx, acc_next(acc, carry));
    }
    at = place_next(at);
  }
  if (local == 0u && params.grid.z + 1u == PASSES) {
    emit_run(first, run, count);
  }
}
