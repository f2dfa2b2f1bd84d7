// Four neighbours from a multiple of four on, at once.
fn load_lanes(at: u32, lanes: U) -> V {
  return activate(fetch_four(at));
}
