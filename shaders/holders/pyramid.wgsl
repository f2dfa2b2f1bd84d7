// The bins about a position in a level: a group of outputs a level.
//
// params.holders = levels from and to, rows of bins from and to
fn holder_groups() -> Range {
  return Range(params.holders.x, min(params.holders.y, table[0]));
}

fn holders_of(group: u32, at: Place) -> Holders {
  let row = 1u + 4u * group;
  return Holders(
    bin_holders(at.z, params.depth.x, table[row + 1u]),
    range_within(bin_holders(at.y, params.height.x, table[row + 2u]), params.holders.z, params.holders.w),
    bin_holders(at.x, params.width.x, table[row + 3u]),
  );
}

fn holder_at(group: u32, at: Place, z: u32, y: u32, x: u32) -> Place {
  let row = 1u + 4u * group;
  return Place(at.plane, 0u, 0u, table[row] + (z * table[row + 2u] + y) * table[row + 3u] + x);
}
