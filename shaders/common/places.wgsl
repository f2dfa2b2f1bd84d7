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
  let row = number / params.width.y;
  let slice = row / params.height.y;
  return Place(slice / params.depth.y, slice % params.depth.y, row % params.height.y, number % params.width.y);
}

// The number of an input value, likewise.
fn input_number_of(at: Place) -> u32 {
  return ((at.plane * params.depth.x + at.z) * params.height.x + at.y) * params.width.x + at.x;
}
