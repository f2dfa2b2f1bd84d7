// Input of elements that are the fields of words, INPUT_PACK of them in each.
@group(0) @binding(1) var<storage, read> input: array<u32>;

fn fetch(at: u32) -> One {
  var field = input[at / INPUT_PACK];
  if (INPUT_PACK == 2u) {
    field = (field >> (16u * (at % 2u))) & 0xffffu;
  }
  if (INPUT_PACK == 4u) {
    field = (field >> (8u * (at % 4u))) & 0xffu;
  }
  return input_values(vec4<u32>(field)).x;
}

// Four neighbours from a multiple of four on.
fn fetch_four(at: u32) -> Quad {
  let word = input[at / INPUT_PACK];
  var fields = (vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xffu);
  if (INPUT_PACK == 2u) {
    let next = input[at / INPUT_PACK + 1u];
    fields = vec4<u32>(word & 0xffffu, word >> 16u, next & 0xffffu, next >> 16u);
  }
  if (INPUT_PACK == 1u) {
    fields = vec4<u32>(word, input[at + 1u], input[at + 2u], input[at + 3u]);
  }
  return input_values(fields);
}
