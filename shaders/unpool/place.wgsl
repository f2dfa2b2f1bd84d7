// unpool, the last of three steps: each position takes the value that marked it, or 0. One invocation owns GROUP positions, those of one word of
// memory.
//
// params.grid = grid width, positions in all, unused, unused
@group(0) @binding(4) var<storage, read_write> scratch: array<u32>;

fn value_at(at: Place) -> V {
  let marked = scratch[input_number_of(at)];
  var value = V();
  if (marked > 0u) {
    value = fetch(marked - 1u);
  }
  return value;
}
