// The bins whose samples lie within one position, in every box of its image: a group of outputs a box.
//
// params.holders = boxes from and to, rows of bins from and to
fn holder_groups() -> Range {
  return Range(params.holders.x, params.holders.y);
}

// Input channels of one image.
fn roi_channels() -> u32 {
  return params.extent.y * select(1u, params.height.y * params.width.y, params.region_words.w != 0u);
}

// Samples up to one position outside take the first or last value, which are within one of it too.
fn roi_holders(position: u32, start: f32, bin: f32, bins: u32) -> Range {
  let most = f32(bins);
  let first = clamp((f32(position) - 1.0 - start) / bin - 1.0, 0.0, most);
  let end = clamp((f32(position) + 1.0 - start) / bin + 2.0, 0.0, most);
  if (bin > 1e-6) {
    return Range(u32(first), u32(end));
  }
  return Range(0u, bins);
}

fn holders_of(group: u32, at: Place) -> Holders {
  let row = group * 8u;
  let channels = roi_channels();
  if (table[row] != at.plane - at.plane % channels) {
    return Holders(Range(0u, 0u), Range(0u, 0u), Range(0u, 0u));
  }
  let height = bitcast<f32>(table[row + 3u]) * f32(table[row + 5u]);
  let width = bitcast<f32>(table[row + 4u]) * f32(table[row + 6u]);
  let all_rows = roi_holders(at.y, bitcast<f32>(table[row + 1u]), height, params.height.y);
  let rows = range_within(all_rows, params.holders.z, params.holders.w);
  let columns = roi_holders(at.x, bitcast<f32>(table[row + 2u]), width, params.width.y);
  if (params.region_words.w == 0u) {
    return Holders(Range(0u, 1u), rows, columns);
  }
  // A channel belongs to one bin.
  let own = at.plane % channels;
  let y = (own / params.width.y) % params.height.y;
  let x = own % params.width.y;
  return Holders(Range(0u, 1u), range_within(rows, y, y + 1u), range_within(columns, x, x + 1u));
}

fn holder_at(group: u32, at: Place, z: u32, y: u32, x: u32) -> Place {
  let own = at.plane % roi_channels();
  let channel = select(own, own / (params.height.y * params.width.y), params.region_words.w != 0u);
  return Place(group * params.extent.y + channel, z, y, x);
}
