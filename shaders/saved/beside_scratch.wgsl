// What the step before has saved of every output, in the buffer that this step writes to as well.
@group(0) @binding(12) var<storage, read_write> saved: array<Saved>;

fn saved_of(output_id: u32) -> Saved {
  return saved[output_id];
}
