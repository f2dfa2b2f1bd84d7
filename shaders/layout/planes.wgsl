// Channels first, the same position of four planes at a time: outputs are numbered by fours of planes.
fn place_of(output: u32) -> Place {
  let at = place_of_number(output / 4u);
  return Place(at.plane * 4u, at.z, at.y, at.x);
}

// An invocation has no further place.
fn place_next(at: Place) -> Place {
  return at;
}

fn output_of(at: Place) -> u32 {
  return number_of(at);
}

fn position_of(value: u32) -> Place {
  return place_of_input(value);
}

fn plane_base(plane: u32) -> u32 {
  return plane * params.extent.z + params.bases.x;
}

fn element_at(base: u32, index: u32) -> u32 {
  return base + index;
}

// How far apart the numbers of outputs are that are folded lane by lane.
fn lane_step() -> u32 {
  return params.extent.w;
}
