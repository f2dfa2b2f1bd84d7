// Channels last: the channels of one position lie side by side.
//
// params.channels.xy = channels of the input, channels of the output
fn place_of(output: u32) -> Place {
  let position = divided(output, params.channels.y);
  let at = place_of_number(position);   // of one channel
  return Place(at.plane * params.channels.y + output - position * params.channels.y, at.z, at.y, at.x);
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
  let image = divided(at.plane, params.channels.y);
  return output_of_channel(image, at.plane - image * params.channels.y, at);
}

// The same where image and channel are known apart.
fn output_of_channel(image: u32, channel: u32, at: Place) -> u32 {
  return number_of(Place(image, at.z, at.y, at.x)) * params.channels.y + channel;
}

fn position_of(value: u32) -> Place {
  let position = divided(value, params.channels.x);
  let at = place_of_input(position);
  return Place(at.plane * params.channels.x + value - position * params.channels.x, at.z, at.y, at.x);
}

fn plane_base(plane: u32) -> u32 {
  let image = divided(plane, params.channels.x);
  return channel_base(image, plane - image * params.channels.x);
}

fn channel_base(image: u32, channel: u32) -> u32 {
  return image * params.channels.x * params.extent.z + channel + params.bases.x;
}

fn element_at(base: u32, index: u32) -> u32 {
  return base + index * params.channels.x;
}

// How far apart the numbers of outputs are that are folded lane by lane.
fn lane_step() -> u32 {
  return params.extent.w;
}
