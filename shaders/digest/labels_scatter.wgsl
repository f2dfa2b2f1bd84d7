// The third step: an invocation puts the positions of its chunk where they go.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  let image = own / params.grid.z;
  let chunk = own % params.grid.z;
  if (image >= params.grid.y) {
    return;
  }
  let first = params.region_words.y + image * params.depth.x;
  let end = min((chunk + 1u) * params.grid.w, params.depth.x);
  for (var position = chunk * params.grid.w; position < end; position++) {
    let label = label_at(image, position);
    if (label < params.depth.y) {
      let counter = counter_of(image, label, chunk);
      table[first + counters[counter]] = position;
      counters[counter] += 1u;
    }
  }
}
