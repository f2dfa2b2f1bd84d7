// The bins about a position in every box of its image: a group of outputs a box.
//
// params.holders = boxes from and to, rows of bins from and to
fn holder_groups() -> Range {
  return Range(params.holders.x, params.holders.y);
}

fn roi_holders(position: u32, start: u32, size: u32, bins: u32) -> Range {
  // In two's complement: before the box wraps to beyond it.
  let ahead = position - start;
  let bins_about = bin_holders(min(ahead, size), size, bins);
  return Range(bins_about.first, select(bins_about.first, bins_about.end, ahead < size));
}

fn holders_of(group: u32, at: Place) -> Holders {
  let row = group * 8u;
  if (table[row] != at.plane - at.plane % params.extent.y) {
    return Holders(Range(0u, 0u), Range(0u, 0u), Range(0u, 0u));
  }
  return Holders(
    Range(0u, 1u),
    range_within(roi_holders(at.y, table[row + 1u], table[row + 3u], params.height.y), params.holders.z, params.holders.w),
    roi_holders(at.x, table[row + 2u], table[row + 4u], params.width.y),
  );
}

fn holder_at(group: u32, at: Place, z: u32, y: u32, x: u32) -> Place {
  return Place(group * params.extent.y + at.plane % params.extent.y, z, y, x);
}
