// Where one output stands: its plane (batch × channels) and its position in it.
struct Place {
  plane: u32,
  z: u32,
  y: u32,
  x: u32,
}

fn place_of(output: u32) -> Place {
  let row = output / params.width.y;
  let slice = row / params.height.y;
  return Place(slice / params.depth.y, slice % params.depth.y, row % params.height.y, output % params.width.y);
}

fn place_next(at: Place) -> Place {
  var next = at;
  next.x += 1u;
  if (next.x == params.width.y) {
    next.x = 0u;
    next.y += 1u;
    if (next.y == params.height.y) {
      next.y = 0u;
      next.z += 1u;
      if (next.z == params.depth.y) {
        next.z = 0u;
        next.plane += 1u;
      }
    }
  }
  return next;
}

// Where an input value stands: its plane (batch × channels) and its position in it.
fn position_of(value: u32) -> Place {
  let row = value / params.width.x;
  let slice = row / params.height.x;
  return Place(slice / params.depth.x, slice % params.depth.x, row % params.height.x, value % params.width.x);
}

fn output_of(at: Place) -> u32 {
  return ((at.plane * params.depth.y + at.z) * params.height.y + at.y) * params.width.y + at.x;
}
