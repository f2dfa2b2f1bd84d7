// What the last step must know of outputs: their taps on the other axes, their divisors, and indices in their plane.
struct Rest {
  valid: u32,     // taps inside the input, on the other axes
  counted: f32,   // taps inside the input and its padding, there
}

fn rest_of(output: u32) -> Rest {
  let at = place_of(output);
  let depth = region_span(at.z, params.depth, params.depth_window);
  let height = region_span(at.y, params.height, params.height_window);
  let width = region_span(at.x, params.width, params.width_window);
  let own = vec3<u32>(0u, 1u, 2u) == vec3<u32>(params.line_places.w);
  let valid = select(vec3<u32>(depth.count, height.count, width.count), vec3<u32>(1u), own);
  let counted = select(vec3<u32>(depth.counted, height.counted, width.counted), vec3<u32>(1u), own);
  return Rest(valid.x * valid.y * valid.z, f32(counted.x) * f32(counted.y) * f32(counted.z));
}

// Of the output `o` on this step's axis.
fn line_ctx(rest: Rest, o: u32) -> Ctx {
  let span = line_span(o);
  let valid = rest.valid * span.count;
  return Ctx(valid, select(f32(valid), rest.counted * f32(span.counted), params.flags.x != 0u), 0u, U(0u));
}

// The place in its plane of a value, which folds have known by its place in the whole input.
fn plane_index(element: u32) -> u32 {
  let at = position_of(element);
  return select(tap_index(at.z, at.y, at.x), element, element == 0xffffffffu);
}
