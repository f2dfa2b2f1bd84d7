// A step of 1 level.
@group(0) @binding(15) var level_1: Target;

fn store_level(level: u32, texel: vec2<u32>, value: V) {
  if (level == 1u) { textureStore(level_1, texel, texel_of(value)); }
}
