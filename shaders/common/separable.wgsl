// Regions whose spans on one axis depend on the output's place on that axis alone: `region_span` gives each.
fn rect_of(at: Place) -> Rect {
  return Rect(
    plane_base(at.plane),
    region_span(at.z, params.depth, params.depth_window),
    region_span(at.y, params.height, params.height_window),
    region_span(at.x, params.width, params.width_window),
    Frame(),
  );
}
