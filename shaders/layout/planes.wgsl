// Channels first, the same position of four planes at a time: all boxes of the first four channels, then of the next four. So what runs at the same time reads few planes of the
// input, which caches hold. Images are the boxes, or those of a piece, which is of whole boxes.
fn place_of(output: u32) -> Place {
  let at = place_of_number(output / 4u);
  let images = params.extent.x / (params.extent.w * params.extent.y);
  let channels = at.plane / images;
  return Place((at.plane - channels * images) * params.extent.y + channels * 4u, at.z, at.y, at.x);
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
