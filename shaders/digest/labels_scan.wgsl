// The second step: a workgroup turns the counters of one image into the places where each chunk's positions of each segment go, and
// writes where segments and their parts begin.
var<workgroup> sums: array<u32, WORKGROUP>;

// The sum of what the invocations before this one hold; the total is left for `scan_total`.
fn scan_before(local: u32, own: u32) -> u32 {
  sums[local] = own;
  workgroupBarrier();
  for (var reach = 1u; reach < WORKGROUP; reach *= 2u) {
    var before = 0u;
    if (local >= reach) {
      before = sums[local - reach];
    }
    workgroupBarrier();
    sums[local] += before;
    workgroupBarrier();
  }
  return sums[local] - own;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.y * params.grid.x + group.x;
  if (image >= params.grid.y) {
    return;
  }
  let segments = params.depth.y;
  let first = counter_of(image, 0u, 0u);
  let count = segments * params.grid.z;
  let share = (count + WORKGROUP - 1u) / WORKGROUP;
  let from_counter = min(local * share, count);
  let to_counter = min(from_counter + share, count);
  var own = 0u;
  for (var at = from_counter; at < to_counter; at++) {
    own += counters[first + at];
  }
  var place = scan_before(local, own);
  let row = image * (segments + 1u);
  if (local == WORKGROUP - 1u) {
    table[row + segments] = place + own;
  }
  for (var at = from_counter; at < to_counter; at++) {
    let counted = counters[first + at];
    counters[first + at] = place;
    if (at % params.grid.z == 0u) {
      table[row + at / params.grid.z] = place;
    }
    place += counted;
  }
  workgroupBarrier();
  storageBarrier();

  let part_row = (params.grid.y + image) * (segments + 1u);
  let segment_share = (segments + WORKGROUP - 1u) / WORKGROUP;
  let from_segment = min(local * segment_share, segments);
  let to_segment = min(from_segment + segment_share, segments);
  var parts = 0u;
  for (var segment = from_segment; segment < to_segment; segment++) {
    parts += (table[row + segment + 1u] - table[row + segment] + params.flags.y - 1u) / params.flags.y;
  }
  var part = scan_before(local, parts);
  if (local == WORKGROUP - 1u) {
    table[part_row + segments] = part + parts;
  }
  for (var segment = from_segment; segment < to_segment; segment++) {
    table[part_row + segment] = part;
    part += (table[row + segment + 1u] - table[row + segment] + params.flags.y - 1u) / params.flags.y;
  }
}
