// The op needs to know nothing of an output.
fn saved_of(output_id: u32) -> Saved {
  return Saved();
}
