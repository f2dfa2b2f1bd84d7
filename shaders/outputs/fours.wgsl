// What patches read of outputs, four at a time, in rows that are whole fours.
struct Outputs {
  ahead: array<f32, 4>,
  kept: array<Saved, 4>,
  inside: array<bool, 4>,
}

// Four neighbours of the row that starts at `row`, from column x on, a multiple of four: inside together or not at all.
fn outputs_at(row: u32, x: i32, width: u32) -> Outputs {
  let column = bitcast<u32>(x);
  var outputs: Outputs;
  if (column < width) {
    let ahead = ahead_four(row + column);
    outputs.ahead = array<f32, 4>(ahead.x, ahead.y, ahead.z, ahead.w);
    outputs.kept = saved_four(row + column);
    outputs.inside = array<bool, 4>(true, true, true, true);
  }
  return outputs;
}
