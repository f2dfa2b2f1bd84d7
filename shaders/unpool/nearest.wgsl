// unpool to the nearest: each position takes the value of the output whose nominal centre is nearest to it, the first among equals, axis
// by axis.
//
// params.grid = grid width, positions in all, unused, unused
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn nearest(position: u32, size: vec4<u32>, window: vec4<u32>) -> u32 {
  var best = 0u;
  var least = 0xffffffffu;
  for (var o = 0u; o < size.y; o++) {
    let apart = u32(abs(bitcast<i32>(2u * position - region_span(o, size, window).centre2)));
    best = select(best, o, apart < least);
    least = min(least, apart);
  }
  return best;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let at = position_of(own);
  let z = nearest(at.z, params.depth, params.depth_window);
  let y = nearest(at.y, params.height, params.height_window);
  let x = nearest(at.x, params.width, params.width_window);
  output[own] = input[output_of(Place(at.plane, z, y, x))];
}
