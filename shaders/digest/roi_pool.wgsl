// roi_pool's digest: an invocation rounds the corners of one box, half away from zero, to whole positions.
//
// A row: plane, first y, first x, rows, columns.

// By the bits, so that no device's rounding mode matters.
fn round_half_away(value: f32) -> i32 {
  let bits = bitcast<u32>(value);
  let exponent = i32((bits >> 23u) & 0xffu) - 127;
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  var magnitude = 0u;
  if (exponent == -1) {
    magnitude = 1u;
  } else if (exponent >= 0) {
    let cut = u32(23 - min(exponent, 22));
    magnitude = (mantissa + (1u << (cut - 1u))) >> cut;
  }
  return select(i32(magnitude), -i32(magnitude), bits >= 0x80000000u);
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
  let x = round_half_away(corners.x);
  let y = round_half_away(corners.y);
  let columns = u32(max(round_half_away(corners.z) - x + 1, 1));
  let rows = u32(max(round_half_away(corners.w) - y + 1, 1));
  if (columns > box_longest(params.width.x) || rows > box_longest(params.height.x)) {
    box_refuse(row);
    return;
  }
  table[row * 8u] = plane;
  table[row * 8u + 1u] = bitcast<u32>(y);
  table[row * 8u + 2u] = bitcast<u32>(x);
  table[row * 8u + 3u] = rows;
  table[row * 8u + 4u] = columns;
}
