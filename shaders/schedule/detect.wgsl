// detect: the detection layer below a probabilistic max. One invocation owns one unit, which at most one block holds.
//
// params.grid = grid width, units, unused, unused
@group(0) @binding(14) var<storage, read_write> detection: array<f32>;

fn detect_in(out: Place, at: Place) -> f32 {
  let rect = rect_of(out);
  let output_id = output_of(out);
  let d = numbers_depth(rect, at.z);
  let h = numbers_height(rect, at.y);
  let w = numbers_width(rect, at.x);
  if (d.first >= d.end || h.first >= h.end || w.first >= w.end) {
    return 0.0;
  }
  let ordinal = (d.first * rect.height.count + h.first) * rect.width.count + w.first;
  let weighting = weighting_of(rect, rect_ctx(rect, out));
  return detect(rect_tap(rect, weighting, d.first, h.first, w.first, ordinal), saved_of(output_id));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let at = position_of(own);
  let holders = holders_of(0u, at);
  var value = 0.0;
  if (holders.depth.first < holders.depth.end && holders.height.first < holders.height.end && holders.width.first < holders.width.end) {
    value = detect_in(holder_at(0u, at, holders.depth.first, holders.height.first, holders.width.first), at);
  }
  detection[own] = value;
}
