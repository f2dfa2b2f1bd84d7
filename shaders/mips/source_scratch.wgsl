// A level that the step before has kept.
//
// params.channels.x = where it begins in scratch
fn source_at(texel: vec2<u32>) -> V {
  return scratch[params.channels.x + texel.y * params.width.x + texel.x];
}
