// The scalar alias set: a kernel folds one value at a time.
alias V = f32;
alias U = u32;
alias I = i32;
alias B = bool;
// Four values that are neighbours in memory, and one.
alias Quad = vec4<f32>;
alias One = f32;

const LANES = 1u;

fn value_of(real: f32) -> V {
  return real;
}

// A number for each lane, `step` apart.
fn lane_numbers(first: u32, step: u32) -> U {
  return first;
}
