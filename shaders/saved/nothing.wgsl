// The op needs to know nothing of an output.
fn saved_of(output_id: u32) -> Saved {
  return Saved();
}

fn saved_four(output_id: u32) -> array<Saved, 4> {
  return array<Saved, 4>();
}
