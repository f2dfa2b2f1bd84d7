// What the step before has saved of every output.
@group(0) @binding(12) var<storage, read> saved: array<Saved>;

fn saved_of(output_id: u32) -> Saved {
  return saved[output_id];
}
