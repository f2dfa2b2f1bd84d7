// gather: the way back. One invocation owns GROUP input values, those of one word of memory, and adds up what comes back to each from every output
// whose region holds it, in a fixed order, so the same bits come of every run and no atomics are needed.
//
// Moves, per input value: the gradient of each output that holds it, with what that output saved, and one result.
// Rows of outputs are added up alone and then together, so that sums stay accurate.
// params.grid = grid width, input values, 1 to add to what is there, unused
// What comes back to a position from one output.
fn back_from(out: Place, at: Place) -> f32 {
  let rect = rect_of(out);
  let output_id = output_of(out);
  let ctx = rect_ctx(rect, out);
  let ds = numbers_depth(rect, at.z);
  let hs = numbers_height(rect, at.y);
  let ws = numbers_width(rect, at.x);
  if (ds.first >= ds.end || hs.first >= hs.end || ws.first >= ws.end) {
    return 0.0;
  }
  let kept = saved_of(output_id);
  let ahead = ahead_at(output_id);
  let weighting = weighting_of(rect, ctx);
  var sum = 0.0;
  for (var d = ds.first; d < ds.end; d++) {
    let share_d = share_depth(rect, d, at.z);
    if (share_d == 0.0) {
      continue;
    }
    for (var h = hs.first; h < hs.end; h++) {
      let share_dh = share_d * share_height(rect, h, at.y);
      if (share_dh == 0.0) {
        continue;
      }
      for (var w = ws.first; w < ws.end; w++) {
        let share = share_dh * share_width(rect, w, at.x);
        if (share != 0.0) {
          let ordinal = (d * rect.height.count + h) * rect.width.count + w;
          sum += share * grad(rect_tap(rect, weighting, d, h, w, ordinal), kept, ctx, ahead);
        }
      }
    }
  }
  return sum;
}

fn gathered(at: Place) -> f32 {
  let groups = holder_groups();
  var total = 0.0;
  for (var group_id = groups.first; group_id < groups.end; group_id++) {
    let holders = holders_of(group_id, at);
    var of_group = 0.0;
    for (var z = holders.depth.first; z < holders.depth.end; z++) {
      for (var y = holders.height.first; y < holders.height.end; y++) {
        var of_row = 0.0;
        for (var x = holders.width.first; x < holders.width.end; x++) {
          of_row += back_from(holder_at(group_id, at, z, y, x), at);
        }
        of_group += of_row;
      }
    }
    total += of_group;
  }
  return total;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.grid.y) {
    return;
  }
  let count = min(params.grid.y - first, GROUP);
  var back: array<f32, 4>;
  for (var lane = 0u; lane < count; lane++) {
    let own = first + lane;
    let here = activation_back(fetch(own), gathered(position_of(own)));
    back[lane] = here + select(0.0, held(own), params.grid.z != 0u);
  }
  put(first, Quad(back[0], back[1], back[2], back[3]), count);
}
