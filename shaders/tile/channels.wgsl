// Strips of four channels, lane by lane, where channels lie last: neighbours are channels of one position, then columns.

// Image and channel are known apart, so that nothing is divided.
fn strip_base(image: u32, channel: u32) -> u32 {
  return channel_base(image, channel);
}

fn strip_output(image: u32, channel: u32, at: Place) -> u32 {
  return output_of_channel(image, channel, at);
}

// What lies beyond the row is read too, and left out by its column.
fn load_span(base: u32, index: u32) {
  let first = element_at(base, index);
  for (var i = 0u; i < SPAN_W; i++) {
    tile_span[i] = load(first + i * params.channels.x);
  }
}

// Takes one output of a row of them, from left to right, and stores it. `first`: where the first is stored; `left`: outputs from there to the row's end.
fn strip_put(run: Run, first: u32, column: u32, left: u32, acc: Acc, ctx: Ctx) -> Run {
  let next = run_with(run, 0u, acc, ctx);
  if (column < left) {
    emit_run(first + column * params.channels.y, next, 4u);
  }
  return next;
}
