// The windows that have a tap from `first` to `last`, which count from the begin of the padding.
fn window_holders(first: u32, last: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  let reach = window.x * (size.z - 1u);
  let begin = select(0u, (first - reach + size.w - 1u) / size.w, first > reach);
  return Range(begin, min(last / size.w + 1u, size.y));
}
