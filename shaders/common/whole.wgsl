// The alias set of whole numbers: i32 values that an exact op never takes for floats.
alias V = i32;
alias U = u32;
alias I = i32;
alias B = bool;
alias Quad = vec4<i32>;

const LANES = 1u;

fn value_of(real: f32) -> V {
  return whole_of(real);
}

fn lane_numbers(first: u32, step: u32) -> U {
  return first;
}
