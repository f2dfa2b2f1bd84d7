// Four neighbours from anywhere, one by one; `lanes` says how far each is from the first.
fn load_lanes(at: u32, lanes: U) -> V {
  return activate(V(fetch(at), fetch(at + lanes.y), fetch(at + lanes.z), fetch(at + lanes.w)));
}
