// Input of elements of 16 bits, of which four are read at once at multiples of four: two words.
@group(0) @binding(1) var<storage, read> input: array<vec2<u32>>;

fn fetch(at: u32) -> One {
  let field = (input[at / 4u][(at / 2u) % 2u] >> (16u * (at % 2u))) & 0xffffu;
  return input_values(vec4<u32>(field)).x;
}

// Four neighbours from a multiple of four on.
fn fetch_four(at: u32) -> Quad {
  let words = input[at / 4u];
  return input_values(vec4<u32>(words.x & 0xffffu, words.x >> 16u, words.y & 0xffffu, words.y >> 16u));
}
