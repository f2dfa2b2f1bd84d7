// The values of four neighbours that are folded lane by lane: channels of one position, or features of one token, a multiple of four of them.
fn load(at: u32) -> V {
  return activate(fetch_four(at));
}
