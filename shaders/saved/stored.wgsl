// What the step before has saved of every output.
@group(0) @binding(12) var<storage, read> saved: array<Saved>;

fn saved_of(output_id: u32) -> Saved {
  return saved[output_id];
}

// Of four neighbours.
fn saved_four(output_id: u32) -> array<Saved, 4> {
  return array<Saved, 4>(saved[output_id], saved[output_id + 1u], saved[output_id + 2u], saved[output_id + 3u]);
}
