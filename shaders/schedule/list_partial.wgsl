// list_partial: the first of two steps for segments. One invocation folds one part, at most params.flags.y neighbouring taps of a segment, so however
// uneven the segments are, all invocations have about as much to do; their number is bounded by that of segments and positions.
//
// Moves, per part: its taps once, and one accumulator.
// params.grid = grid width, parts an image at most, pass, where the carries begin in scratch
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  let columns = params.width.y;
  let part = (own / columns) % params.grid.y;
  let plane = own / columns / params.grid.y;
  let segments = params.depth.y;
  if (plane * params.extent.w >= params.extent.x) {
    return;
  }
  // Where this image's parts begin, segment by segment: the last segment that begins at or before `part` has it.
  let row = params.region_words.z + (plane / params.region_words.x) * (segments + 1u);
  if (part >= table[row + segments]) {
    return;
  }
  var segment = 0u;
  var beyond = segments;
  for (var gap = segments; gap > 1u; gap = beyond - segment) {
    let middle = (segment + beyond) / 2u;
    if (table[row + middle] <= part) {
      segment = middle;
    } else {
      beyond = middle;
    }
  }
  let at = Place(plane, segment, 0u, own % columns);
  let rect = rect_of(at);
  let ctx = rect_ctx(rect, at);
  var carry = carry_first(ctx);
  if (params.grid.z > 0u) {
    carry = acc_carry(scratch[params.grid.w + number_of(at)]);
  }
  let from_tap = (part - table[row + segment]) * params.flags.y;
  scratch[own] = fold_part(rect, from_tap, min(from_tap + params.flags.y, rect.depth.count), ctx, carry);
}
