// The values of four neighbouring channels at one position: channels last, and a multiple of four of them.
fn load(at: u32) -> V {
  return activate(fetch_four(at));
}
