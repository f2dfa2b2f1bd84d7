// The alias set of values as they are stored, four neighbouring channels at a time.
alias V = vec4<i32>;
alias U = vec4<u32>;
alias I = vec4<i32>;
alias B = vec4<bool>;
alias Quad = vec4<i32>;
alias One = i32;

const LANES = 4u;

fn value_of(real: f32) -> V {
  return V(raw_of(real));
}

fn lane_numbers(first: u32, step: u32) -> U {
  return U(first) + U(0u, 1u, 2u, 3u) * step;
}
