// Channels first: planes lie one after the other, the last axis contiguous.
fn place_of(output: u32) -> Place {
  return place_of_number(output);
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
  return 1u;
}
