// Input whose rows are whole vec4s: one load instruction brings four neighbours.
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;

struct Four {
  values: vec4<f32>,
  inside: vec4<bool>,
}

fn load(at: u32) -> V {
  return activate(V(input[at / 4u][at % 4u]));
}

// Four neighbours of the row that starts at `row`, from column x on, a multiple of four: inside together or not at all.
fn load_four(row: u32, x: i32, width: u32) -> Four {
  let column = bitcast<u32>(x);
  let inside = column < width;
  var values = vec4<f32>();
  if (inside) {
    let four = input[(row + column) / 4u];
    values = vec4<f32>(activate(four.x), activate(four.y), activate(four.z), activate(four.w));
  }
  return Four(values, vec4<bool>(inside));
}
