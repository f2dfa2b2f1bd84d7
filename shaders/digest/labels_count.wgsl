// The first step: an invocation counts the labels of its chunk. A label outside −1 … S − 1 raises bit 1 of the status.
@group(0) @binding(9) var<storage, read_write> status: atomic<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  let image = own / params.grid.z;
  let chunk = own % params.grid.z;
  if (image >= params.grid.y) {
    return;
  }
  for (var segment = 0u; segment < params.depth.y; segment++) {
    counters[counter_of(image, segment, chunk)] = 0u;
  }
  let end = min((chunk + 1u) * params.grid.w, params.depth.x);
  for (var position = chunk * params.grid.w; position < end; position++) {
    let label = label_at(image, position);
    if (label < params.depth.y) {
      counters[counter_of(image, label, chunk)] += 1u;
    } else if (label != 0xffffffffu) {
      atomicOr(&status, 2u);
    }
  }
}
