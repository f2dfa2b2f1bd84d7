// Values and indices into their outputs: `count` neighbours from `at` on, at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  put(params.bases.y + at, run_values(run), count);
  put_indices(params.bases.z + at, in_plane(run_indices(run)), count);
}

// Pieces of a plane count from their own first position.
fn in_plane(found: vec4<u32>) -> vec4<u32> {
  return select(found + params.firsts.z, found, found == vec4<u32>(0xffffffffu));
}
