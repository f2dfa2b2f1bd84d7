// exp(−r²/2σ²), r being the distance from the region's nominal centre, relative to the weight of the nearest valid tap.
// A common factor cancels in Σwx/Σw, and with this one the largest weight is 1: however small σ is or however far the centre
// lies in the padding, Σw neither underflows nor overflows. Distances are kept doubled, as integers, so they are exact.
//
// params.weighting.x = 1/(8σ²)
struct Weighting {
  depth: GaussianAxis,
  height: GaussianAxis,
  width: GaussianAxis,
}

// An axis' first tap, and how far apart its taps are; the centre, twice; and the distance of the nearest tap to it, twice.
// `unit` is the distance of neighbouring places in input positions, squared.
struct GaussianAxis {
  first: u32,
  step: u32,
  centre2: u32,
  nearest: u32,
  unit: f32,
}

fn gaussian_nearest(span: Span) -> u32 {
  let ahead = bitcast<i32>(span.centre2 - 2u * span.first);
  let last = max(span.count, 1u) - 1u;
  let tap = min((bitcast<u32>(max(ahead, 0)) / span.step + 1u) / 2u, last);
  return gaussian_distance(span.first + tap * span.step, span.centre2);
}

fn gaussian_distance(position: u32, centre2: u32) -> u32 {
  return u32(abs(bitcast<i32>(2u * position - centre2)));
}

// The difference of two squares by their factors: the first is exact, and small where it counts.
fn gaussian_excess(axis: GaussianAxis, tap: u32) -> f32 {
  let distance = gaussian_distance(axis.first + tap * axis.step, axis.centre2);
  return f32(distance - axis.nearest) * (f32(distance) + f32(axis.nearest)) * axis.unit;
}

fn gaussian_axis(span: Span, unit: f32) -> GaussianAxis {
  return GaussianAxis(span.first, span.step, span.centre2, gaussian_nearest(span), unit * unit);
}

fn weighting_of(rect: Rect, ctx: Ctx) -> Weighting {
  let units = tap_units(rect);
  return Weighting(gaussian_axis(rect.depth, units.x), gaussian_axis(rect.height, units.y), gaussian_axis(rect.width, units.z));
}

fn weight_at(weighting: Weighting, d: u32, h: u32, w: u32) -> V {
  let excess = gaussian_excess(weighting.depth, d) + gaussian_excess(weighting.height, h) + gaussian_excess(weighting.width, w);
  // 87.33654 is where exp leaves the normal range of f32; some devices flush what lies below to zero, so all do.
  let exponent = excess * params.weighting.x;
  return V(select(exp(-exponent), 0.0, exponent > 87.33654));
}
