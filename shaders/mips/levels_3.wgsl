// A step of 3 levels.
@group(0) @binding(15) var level_1: Target;
@group(0) @binding(16) var level_2: Target;
@group(0) @binding(17) var level_3: Target;

fn store_level(level: u32, texel: vec2<u32>, value: V) {
  if (level == 1u) { textureStore(level_1, texel, texel_of(value)); }
  if (level == 2u) { textureStore(level_2, texel, texel_of(value)); }
  if (level == 3u) { textureStore(level_3, texel, texel_of(value)); }
}
