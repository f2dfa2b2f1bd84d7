// Channels last where regions run over channels, which are then the depth: it lies innermost.
fn place_of(output: u32) -> Place {
  let at = place_in(output, vec3<u32>(params.height.y, params.width.y, params.depth.y));
  return Place(at.plane, at.x, at.z, at.y);
}

fn place_next(at: Place) -> Place {
  var next = at;
  next.z += 1u;
  if (next.z == params.depth.y) {
    next.z = 0u;
    next.x += 1u;
    if (next.x == params.width.y) {
      next.x = 0u;
      next.y += 1u;
      if (next.y == params.height.y) {
        next.y = 0u;
        next.plane += 1u;
      }
    }
  }
  return next;
}

fn output_of(at: Place) -> u32 {
  return ((at.plane * params.height.y + at.y) * params.width.y + at.x) * params.depth.y + at.z;
}

fn position_of(value: u32) -> Place {
  let at = place_in(value, vec3<u32>(params.height.x, params.width.x, params.depth.x));
  return Place(at.plane, at.x, at.z, at.y);
}

fn plane_base(plane: u32) -> u32 {
  return plane * params.extent.z + params.bases.x;
}

fn element_at(base: u32, index: u32) -> u32 {
  let positions = params.height.x * params.width.x;
  let slice = divided(index, positions);
  return base + (index - slice * positions) * params.depth.x + slice;
}

// How far apart the numbers of outputs are that are folded lane by lane.
fn lane_step() -> u32 {
  return 1u;
}
