// Output of elements of 16 bits, four at once at multiples of four: two words.
@group(0) @binding(2) var<storage, read_write> output: array<vec2<u32>>;

fn put(at: u32, values: Quad, count: u32) {
  let fields = output_fields(values);
  output[at / 4u] = vec2<u32>(fields.x | (fields.y << 16u), fields.z | (fields.w << 16u));
}
