// exp(−r²/2σ²), r being the distance from the region's nominal centre, relative to the weight of the nearest valid tap.
// A common factor cancels in Σwx/Σw, and with this one the largest weight is 1: however small σ is or however far the centre
// lies in the padding, Σw neither underflows nor overflows. Distances are kept doubled, as integers, so they are exact.
//
// params.weighting.x = 1/(8σ²)
struct Weighting {
  centre_z: u32,
  centre_y: u32,
  centre_x: u32,
  nearest_z: u32,
  nearest_y: u32,
  nearest_x: u32,
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
fn gaussian_excess(position: u32, centre2: u32, nearest: u32) -> f32 {
  let distance = gaussian_distance(position, centre2);
  return f32(distance - nearest) * (f32(distance) + f32(nearest));
}

fn weighting_of(rect: Rect) -> Weighting {
  return Weighting(
    rect.depth.centre2, rect.height.centre2, rect.width.centre2,
    gaussian_nearest(rect.depth), gaussian_nearest(rect.height), gaussian_nearest(rect.width),
  );
}

fn weight_at(weighting: Weighting, z: u32, y: u32, x: u32) -> V {
  let excess = gaussian_excess(z, weighting.centre_z, weighting.nearest_z)
    + gaussian_excess(y, weighting.centre_y, weighting.nearest_y)
    + gaussian_excess(x, weighting.centre_x, weighting.nearest_x);
  // 87.33654 is where exp leaves the normal range of f32; some devices flush what lies below to zero, so all do.
  let exponent = excess * params.weighting.x;
  return V(select(exp(-exponent), 0.0, exponent > 87.33654));
}
