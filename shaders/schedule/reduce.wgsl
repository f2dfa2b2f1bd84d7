// reduce: a team of TEAM invocations folds one region, or that of four neighbouring channels lane by lane, striding over the taps side by side, then merges their
// accumulators in a tree in workgroup memory. For regions that are too few to keep a device busy one by one, or have many taps. A team owns GROUP such, those of one
// word of memory, one after the other.
//
// Moves, per output: its taps once, neighbours read by neighbours, and one result; log2(TEAM) barriers. Fast because a
// region is shared by TEAM invocations where direct would leave all but one idle.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let member = member_of(local);
  let first = ((group.y * params.grid.x + group.x) * TEAMS + member.team) * GROUP * LANES;
  // A team behind the last has nothing to do, and waits with the others.
  let count = min(params.extent.x - min(first, params.extent.x), GROUP * LANES);
  var run: Run;
  var at = place_of(min(first, params.extent.x - 1u));
  for (var lane = 0u; lane < GROUP * LANES; lane += LANES) {
    let rect = rect_of(at);
    let taps = select(0u, rect_taps(rect), lane < count);
    let ctx = rect_ctx(rect, at);
    var carry = carry_first(ctx);
    var acc = acc_init(ctx, carry);
    for (var turn = 0u; turn < PASSES; turn++) {
      acc = team_merge(local, member, team_fold(rect, 0u, taps, member.number, ctx, carry));
      carry = acc_next(acc, carry);
    }
    run = run_with(run, lane, acc, ctx);
    if (lane + LANES < count) {
      at = place_next(at);
    }
  }
  if (member.number == 0u && count > 0u) {
    emit_run(first, run, count);
  }
}
