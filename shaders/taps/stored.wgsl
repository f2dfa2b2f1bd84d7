// A tap's value is one of the input's, at its index in the plane.
alias Frame = u32;

// How far apart neighbouring places are in depth, height and width, in input positions.
fn tap_units(rect: Rect) -> vec3<f32> {
  return vec3<f32>(1.0);
}

fn tap_value(rect: Rect, index: u32, z: u32, y: u32, x: u32) -> V {
  return load(element_at(rect.base, index));
}
