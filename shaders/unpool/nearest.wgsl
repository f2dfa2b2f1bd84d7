// unpool to the nearest: each position takes the value of the output whose nominal centre is nearest to it, the first among equals, axis
// by axis. One invocation owns GROUP positions, those of one word of memory.
//
// params.grid = grid width, positions in all, unused, unused
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

fn value_at(at: Place) -> V {
  let z = nearest(at.z, params.depth, params.depth_window);
  let y = nearest(at.y, params.height, params.height_window);
  let x = nearest(at.x, params.width, params.width_window);
  return fetch(output_of(Place(at.plane, z, y, x)));
}
