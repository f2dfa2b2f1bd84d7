// The gradient of the output, read by whole vec4s.
@group(0) @binding(11) var<storage, read> grad_output: array<vec4<f32>>;

// Four neighbours from a multiple of four on.
fn ahead_four(output_id: u32) -> vec4<f32> {
  return grad_output[output_id / 4u];
}
