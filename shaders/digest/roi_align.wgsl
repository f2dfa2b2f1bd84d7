// roi_align's digest: an invocation finds where the samples of one box begin, how far apart they are and how many a bin has.
//
// A row: plane, first y and first x as floats, from row to row and from column to column of samples as floats, a bin's rows and columns of samples.

// Samples on one axis of a bin: the sampling ratio, or ⌈side/bins⌉, by products, which are exact, as quotients need not be.
fn samples(side: f32, bins: u32) -> u32 {
  if (params.region_words.z > 0u) {
    return params.region_words.z;
  }
  var count = u32(max(side, 0.0)) / bins;
  if (f32(count * bins) < side) {
    count += 1u;
  }
  return count;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let row = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (row >= params.grid.y) {
    return;
  }
  if (row >= box_count[0]) {
    table[row * 8u] = BOX_NONE;
    return;
  }
  let plane = box_plane(row);
  let corners = vec4<f32>(box_corner(row, 1u), box_corner(row, 2u), box_corner(row, 3u), box_corner(row, 4u));
  if (plane == BOX_NONE || !box_is_near(corners.x) || !box_is_near(corners.y) || !box_is_near(corners.z) || !box_is_near(corners.w)) {
    box_refuse(row);
    return;
  }
  let offset = params.region.z;
  let x = seal(corners.x - offset);
  let y = seal(corners.y - offset);
  // Not aligned, a box is at least 1 × 1.
  let least = select(-1e9, 1.0, offset == 0.0);
  let width = max(seal(seal(corners.z - offset) - x), least);
  let height = max(seal(seal(corners.w - offset) - y), least);
  if (width > f32(box_longest(params.width.x)) || height > f32(box_longest(params.height.x))) {
    box_refuse(row);
    return;
  }
  table[row * 8u] = plane;
  table[row * 8u + 1u] = bitcast<u32>(y);
  table[row * 8u + 2u] = bitcast<u32>(x);
  let rows = samples(height, params.height.y);
  let columns = samples(width, params.width.y);
  table[row * 8u + 3u] = bitcast<u32>(quotient_rounded(height, f32(max(rows * params.height.y, 1u))));
  table[row * 8u + 4u] = bitcast<u32>(quotient_rounded(width, f32(max(columns * params.width.y, 1u))));
  table[row * 8u + 5u] = rows;
  table[row * 8u + 6u] = columns;
}
