// partial: the first of two steps for regions so large that one workgroup would leave the device idle. One workgroup, a team of all
// its invocations, folds one of the PARTS = params.grid.y parts of a region, as reduce does, and leaves its accumulator in scratch; schedule/merge.wgsl
// is the second step.
//
// An op of several passes takes as many pairs of steps, the carry standing in scratch between them.
//
// Moves, per part: its taps once, and one accumulator.
// params.grid = grid width, parts, pass, where the carries begin in scratch
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let part_id = group.y * params.grid.x + group.x;
  let parts = params.grid.y;
  let own = part_id / parts;
  if (own * LANES >= params.extent.x) {
    return;
  }
  let at = place_of(own * LANES);
  let rect = rect_of(at);
  let ctx = rect_ctx(rect, at);
  let taps = rect_taps(rect);
  let share = (taps + parts - 1u) / parts;
  let from_tap = min((part_id % parts) * share, taps);
  let to_tap = min(from_tap + share, taps);
  var carry = carry_first(ctx);
  if (params.grid.z > 0u) {
    carry = acc_carry(scratch[params.grid.w + own]);
  }
  let acc = team_merge(local, member_of(local), team_fold(rect, from_tap, to_tap, local, ctx, carry));
  if (local == 0u) {
    scratch[part_id] = acc;
  }
}
