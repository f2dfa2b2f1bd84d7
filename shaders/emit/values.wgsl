// Values into the output: `count` neighbours from `at` on, at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  put(params.bases.y + at, run_values(run), count);
}
