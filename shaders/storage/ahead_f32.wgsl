// The gradient of the output.
@group(0) @binding(11) var<storage, read> grad_output: array<f32>;

fn ahead_at(output_id: u32) -> f32 {
  return grad_output[output_id];
}
