// Values into an output of whole vec4s: a run starts at a multiple of four and is stored at once.
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

fn emit_run(at: u32, run: Run, count: u32) {
  output[at / 4u] = vec4<f32>(run.values[0], run.values[1], run.values[2], run.values[3]);
}
