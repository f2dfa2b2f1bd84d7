// The alias set of values as they are stored, for ops that choose one: whole numbers as they are, floats of 16 bits as the upper half of a word.
alias V = i32;
alias U = u32;
alias I = i32;
alias B = bool;
alias Quad = vec4<i32>;
alias One = i32;

const LANES = 1u;

fn value_of(real: f32) -> V {
  return raw_of(real);
}

fn lane_numbers(first: u32, step: u32) -> U {
  return first;
}
