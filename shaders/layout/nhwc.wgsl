// Channels last: the channels of one position lie side by side.
//
// params.channels.xy = channels of the input, channels of the output
fn place_of(output: u32) -> Place {
  let position = output / params.channels.y;
  let row = position / params.width.y;
  let slice = row / params.height.y;
  let plane = (slice / params.depth.y) * params.channels.y + output % params.channels.y;
  return Place(plane, slice % params.depth.y, row % params.height.y, position % params.width.y);
}

fn place_next(at: Place) -> Place {
  var next = at;
  next.plane += 1u;
  if (next.plane % params.channels.y == 0u) {
    next.plane -= params.channels.y;
    next.x += 1u;
    if (next.x == params.width.y) {
      next.x = 0u;
      next.y += 1u;
      if (next.y == params.height.y) {
        next.y = 0u;
        next.z += 1u;
        if (next.z == params.depth.y) {
          next.z = 0u;
          next.plane += params.channels.y;
        }
      }
    }
  }
  return next;
}

fn output_of(at: Place) -> u32 {
  let image = at.plane / params.channels.y;
  let position = ((image * params.depth.y + at.z) * params.height.y + at.y) * params.width.y + at.x;
  return position * params.channels.y + at.plane % params.channels.y;
}

fn position_of(value: u32) -> Place {
  let position = value / params.channels.x;
  let row = position / params.width.x;
  let slice = row / params.height.x;
  let plane = (slice / params.depth.x) * params.channels.x + value % params.channels.x;
  return Place(plane, slice % params.depth.x, row % params.height.x, position % params.width.x);
}

fn plane_base(plane: u32) -> u32 {
  return (plane / params.channels.x) * params.channels.x * params.extent.z + plane % params.channels.x;
}

fn element_at(base: u32, index: u32) -> u32 {
  return base + index * params.channels.x;
}
