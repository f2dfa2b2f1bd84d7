// gather_list: the way back from segments. One invocation owns GROUP input values, those of one word of memory, each of which at most one segment has: its label says which, and where
// it stands among the segment's taps is looked up in the sorted table.
//
// Moves, per input value: its label, log2(taps) words of the table, and the gradient of one output.
// params.grid = grid width, input values, unused, unused
fn back_to(at: Place) -> f32 {
  let label = label_at(at.plane / params.region_words.x, at.z);
  if (label >= params.depth.y) {
    return 0.0;
  }
  let out = Place(at.plane, label, 0u, at.x);
  let rect = rect_of(out);
  let output_id = output_of(out);
  let ctx = rect_ctx(rect, out);
  // The last tap that stands at or before the position is the position's own.
  var tap = 0u;
  var beyond = rect.depth.count;
  for (var gap = beyond; gap > 1u; gap = beyond - tap) {
    let middle = (tap + beyond) / 2u;
    if (table[rect.depth.first + middle] <= at.z) {
      tap = middle;
    } else {
      beyond = middle;
    }
  }
  return grad(rect_tap(rect, weighting_of(rect, ctx), tap, 0u, 0u, tap), saved_of(output_id), ctx, ahead_at(output_id));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.grid.y) {
    return;
  }
  let count = min(params.grid.y - first, GROUP);
  var back: array<f32, 4>;
  for (var lane = 0u; lane < count; lane++) {
    back[lane] = activation_back(fetch(first + lane), back_to(position_of(first + lane)));
  }
  put(first, Quad(back[0], back[1], back[2], back[3]), count);
}
