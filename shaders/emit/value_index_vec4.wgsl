// Values and indices into outputs of whole vec4s.
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> indices: array<vec4<u32>>;

fn emit_run(at: u32, run: Run, count: u32) {
  output[at / 4u] = vec4<f32>(run.values[0], run.values[1], run.values[2], run.values[3]);
  indices[at / 4u] = vec4<u32>(run.indices[0], run.indices[1], run.indices[2], run.indices[3]);
}
