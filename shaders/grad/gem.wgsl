// The way back of gem: ∂y/∂x = (x/y)^(p − 1)/n, 0 at x ≤ ε, and elsewhere NaN at an infinity and where y is NaN, but for p = 1, which looks at no y; ∂y/∂p = y/p · (L/S − ln(S/n)/p), S = Σt^p, L = Σt^p ln t, t = max(x, ε)/m relative to
// the largest, m.
struct Saved {
  answer: V,
  slope: V,     // ∂y/∂p
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  let answer = acc_finish(acc, ctx);
  let sum = max(acc.sum, V(1.0));
  let apart = acc.logs / sum - log(sum / V(max(f32(ctx.valid), 1.0))) * V(params.op.y);
  let slope = select(answer * V(params.op.y) * apart, V(0.0), acc.largest == U(0u));
  return Saved(answer, or_nan(slope, !is_finite(answer)));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let below = (tap.value <= V(params.op.z)) & !key_is_nan(bitcast<U>(tap.value));
  let nothing = is_zero(saved.answer) | !is_finite(saved.answer);
  let ratio = quotient(tap.value, select(saved.answer, V(1.0), nothing));
  // pow(0, p) is left to no driver's taste.
  let raised = select(pow(ratio, V(params.op.x - 1.0)), V(0.0), nothing | is_zero(ratio));
  let flat = B(params.op.x == 1.0);
  let slope = select(raised, V(1.0), flat) / V(max(f32(ctx.valid), 1.0));
  let lost = (key_is_nan(bitcast<U>(saved.answer)) | !is_finite(tap.value)) & !flat;
  return or_nan(select(ahead * slope, V(0.0), below), lost & !below);
}

fn grad_parameter(saved: Saved, ahead: V) -> V {
  return ahead * saved.slope;
}
