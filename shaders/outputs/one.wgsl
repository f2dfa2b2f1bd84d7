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
  // By constant places: FXC cannot unroll the loops around an array in a struct whose place is none.
  if (columns.x < width) {
    outputs.ahead[0] = ahead_at(row + columns.x);
    outputs.kept[0] = saved_of(row + columns.x);
    outputs.inside[0] = true;
  }
  if (columns.y < width) {
    outputs.ahead[1] = ahead_at(row + columns.y);
    outputs.kept[1] = saved_of(row + columns.y);
    outputs.inside[1] = true;
  }
  if (columns.z < width) {
    outputs.ahead[2] = ahead_at(row + columns.z);
    outputs.kept[2] = saved_of(row + columns.z);
    outputs.inside[2] = true;
  }
  if (columns.w < width) {
    outputs.ahead[3] = ahead_at(row + columns.w);
    outputs.kept[3] = saved_of(row + columns.w);
    outputs.inside[3] = true;
  }
  return outputs;
}
