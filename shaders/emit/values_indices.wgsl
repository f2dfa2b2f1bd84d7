// Values and indices into their outputs: `count` neighbours from `at` on, at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  put(at, run_values(run), count);
  put_indices(at, run_indices(run), count);
}
