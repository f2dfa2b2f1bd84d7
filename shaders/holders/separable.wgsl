// Regions that are a product of spans: one group of outputs, those of the position's own plane. `region_holders` gives each axis' range.
//
// params.holders = rows of the output from and to, columns from and to
fn holder_groups() -> Range {
  return Range(0u, 1u);
}

fn holders_of(group: u32, at: Place) -> Holders {
  return Holders(
    region_holders(at.z, params.depth, params.depth_window),
    range_within(region_holders(at.y, params.height, params.height_window), params.holders.x, params.holders.y),
    range_within(region_holders(at.x, params.width, params.width_window), params.holders.z, params.holders.w),
  );
}

fn holder_at(group: u32, at: Place, z: u32, y: u32, x: u32) -> Place {
  return Place(at.plane, z, y, x);
}
