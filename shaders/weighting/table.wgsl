// A weight for each tap of a window, shared by the channels or one set a channel. The window's tap j on an axis keeps its weight j
// where padding cuts off the taps before it.
//
// params.weighting_words.x = weights of one channel, or 0 where all share them
@group(0) @binding(6) var<storage, read> weights: array<f32>;

struct Weighting {
  first: u32,   // where the weight of the first valid tap stands
}

// The number, in its window, of a span's first tap: twice its distance from the nominal centre is known.
fn table_first(span: Span, kernel: u32) -> u32 {
  return (2u * span.first + span.step * (kernel - 1u) - span.centre2) / (2u * span.step);
}

fn weighting_of(rect: Rect, ctx: Ctx) -> Weighting {
  let row = table_first(rect.depth, params.depth.z) * params.height.z + table_first(rect.height, params.height.z);
  let first = row * params.width.z + table_first(rect.width, params.width.z);
  return Weighting(ctx.channel * params.weighting_words.x + first);
}

fn weight_at(weighting: Weighting, d: u32, h: u32, w: u32) -> V {
  return lane_weights(weighting.first + (d * params.height.z + h) * params.width.z + w);
}
