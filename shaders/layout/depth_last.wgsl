// Channels last where regions run over channels, which are then the depth: it lies innermost.
fn place_of(output: u32) -> Place {
  let position = output / params.depth.y;
  let row = position / params.width.y;
  return Place(row / params.height.y, output % params.depth.y, row % params.height.y, position % params.width.y);
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
  let position = value / params.depth.x;
  let row = position / params.width.x;
  return Place(row / params.height.x, value % params.depth.x, row % params.height.x, position % params.width.x);
}

fn plane_base(plane: u32) -> u32 {
  return plane * params.extent.z;
}

fn element_at(base: u32, index: u32) -> u32 {
  let slice = params.height.x * params.width.x;
  return base + (index % slice) * params.depth.x + index / slice;
}
