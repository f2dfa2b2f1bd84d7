// Where one output, or one input value, stands: its plane (batch × channels) and its position in it. The layout says at which place in memory.
struct Place {
  plane: u32,
  z: u32,
  y: u32,
  x: u32,
}

// Outputs are numbered plane by plane, whatever the layout: draws go by that number.
fn number_of(at: Place) -> u32 {
  return ((at.plane * params.depth.y + at.z) * params.height.y + at.y) * params.width.y + at.x;
}

fn place_of_number(number: u32) -> Place {
  return place_in(number, vec3<u32>(params.depth.y, params.height.y, params.width.y));
}

// Input values likewise.
fn place_of_input(number: u32) -> Place {
  return place_in(number, vec3<u32>(params.depth.x, params.height.x, params.width.x));
}

fn place_in(number: u32, sizes: vec3<u32>) -> Place {
  let row = divided(number, sizes.z);
  let slice = divided(row, sizes.y);
  let plane = divided(slice, sizes.x);
  return Place(plane, slice - plane * sizes.x, row - slice * sizes.y, number - row * sizes.z);
}

// The number of an input value, likewise.
fn input_number_of(at: Place) -> u32 {
  return ((at.plane * params.depth.x + at.z) * params.height.x + at.y) * params.width.x + at.x;
}
