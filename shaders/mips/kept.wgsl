// The last level of the step is kept for the next.
//
// params.channels.y = where it begins in scratch
fn keep(texel: vec2<u32>, value: V) {
  scratch[params.channels.y + texel.y * level_size(LEVELS).x + texel.x] = value;
}
