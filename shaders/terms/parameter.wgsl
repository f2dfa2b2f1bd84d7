// What comes back to the op's parameter: a term for each output.
fn term_count() -> u32 {
  return params.extent.x;
}

fn term(parameter: u32, at: u32) -> f32 {
  return grad_parameter(saved_of(at), ahead_at(at));
}
