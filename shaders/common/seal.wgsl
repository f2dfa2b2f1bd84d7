// A value that no compiler can look through: the flag is 0, which it cannot know. What is sealed is rounded as it stands, and not fused
// with what follows, so that every device finds the same corners, samples and distances as the CPU.
fn seal(value: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(value) ^ params.flags.w);
}
