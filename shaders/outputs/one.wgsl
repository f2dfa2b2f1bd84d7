// What patches read of outputs, one by one, in rows of any length.
struct Outputs {
  ahead: array<f32, 4>,
  kept: array<Saved, 4>,
  inside: array<bool, 4>,
}

// Four neighbours of the row that starts at `row`, from column x on; columns outside 0..width are marked and not read.
fn outputs_at(row: u32, x: i32, width: u32) -> Outputs {
  let columns = vec4<u32>(bitcast<u32>(x)) + vec4<u32>(0u, 1u, 2u, 3u);
  var outputs: Outputs;
  
  for (var lane = 0u; lane < 4u; lane++) {
    outputs.inside[lane] = columns[lane] < width;
    if (columns[lane] < width) {
      outputs.ahead[lane] = ahead_at(row + columns[lane]);
      outputs.kept[lane] = saved_of(row + columns[lane]);
    }
  }
  return outputs;
}
