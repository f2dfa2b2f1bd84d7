// The vector alias set: a kernel folds four neighbouring channels at a time, lane by lane.
alias V = vec4<f32>;
alias U = vec4<u32>;
alias I = vec4<i32>;
alias B = vec4<bool>;
alias Quad = vec4<f32>;
alias One = f32;

const LANES = 4u;

fn value_of(real: f32) -> V {
  return V(real);
}

fn lane_numbers(first: u32, step: u32) -> U {
  return U(first) + U(0u, 1u, 2u, 3u) * step;
}
