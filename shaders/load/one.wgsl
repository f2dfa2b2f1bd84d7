// Values one by one, from anywhere.
fn load(at: u32) -> V {
  return activate(fetch(at));
}
