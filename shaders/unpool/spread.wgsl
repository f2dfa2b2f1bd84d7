// unpool by spreading: each position takes the mean of the outputs whose regions hold it, weighted by the share that it has in each; 0 where
// there is none. The gather of gradients, twice: of the outputs, and of ones.
//
// params.grid = grid width, positions in all, unused, unused
// What one output gives to a position, and its share.
fn spread_from(out: Place, at: Place) -> vec2<f32> {
  let rect = rect_of(out);
  let output_id = output_of(out);
  let ctx = rect_ctx(rect, out);
  let ds = numbers_depth(rect, at.z);
  let hs = numbers_height(rect, at.y);
  let ws = numbers_width(rect, at.x);
  if (ds.first >= ds.end || hs.first >= hs.end || ws.first >= ws.end) {
    return vec2<f32>();
  }
  let kept = saved_of(output_id);
  let weighting = weighting_of(rect, ctx);
  var sum = 0.0;
  for (var d = ds.first; d < ds.end; d++) {
    for (var h = hs.first; h < hs.end; h++) {
      for (var w = ws.first; w < ws.end; w++) {
        let share = share_depth(rect, d, at.z) * share_height(rect, h, at.y) * share_width(rect, w, at.x);
        sum += share * grad(Tap(0.0, weight_at(weighting, d, h, w), 0u, 0u), kept, ctx, 1.0);
      }
    }
  }
  return vec2<f32>(sum * fetch(output_id), sum);
}

fn value_at(at: Place) -> V {
  let holders = holders_of(0u, at);
  var total = vec2<f32>();
  for (var z = holders.depth.first; z < holders.depth.end; z++) {
    for (var y = holders.height.first; y < holders.height.end; y++) {
      var of_row = vec2<f32>();
      for (var x = holders.width.first; x < holders.width.end; x++) {
        of_row += spread_from(holder_at(0u, at, z, y, x), at);
      }
      total += of_row;
    }
  }
  return select(total.x / total.y, 0.0, total.y == 0.0);
}
