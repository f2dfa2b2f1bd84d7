// soft: Σ x·e^{βx} / Σ e^{βx} over V, relative to the value that weighs most, by online rescaling. Values are folded as z = ±x, so
// that the largest z weighs most whatever the sign of β. With β = 0 it is the mean. Otherwise the infinity that weighs most is
// the answer where there is one, and the other contributes nothing beside finite values. Nothing seen: 0; NaN gives NaN.
//
// params.op = |β|, sign of β (1 or −1), unused, unused
struct Acc {
  key: U,
  weights: V,
  weighted: V,
}

const SOFT_NAN = 0xffffffffu;
const SOFT_PLUS_INF = 0xff800000u;
const SOFT_MINUS_INF = 0x007fffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let z = tap.value * V(params.op.y);
  let bits = bitcast<U>(z);
  let key = select(key_of_bits(bits), U(SOFT_NAN), key_is_nan(bits));
  let weightless = (key == U(SOFT_MINUS_INF)) & B(params.op.x != 0.0);
  return acc_merge(acc, Acc(key, select(V(1.0), V(0.0), weightless), select(z, V(0.0), weightless)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let key = max(a.key, b.key);
  let low = min(a.key, b.key);
  let apart = (key_to_value(low) - key_to_value(key)) * V(params.op.x);
  let same = (a.key == b.key) | B(params.op.x == 0.0);
  let scale = select(select(exp(apart), V(0.0), low <= U(SOFT_MINUS_INF)), V(1.0), same);
  let a_is_larger = a.key >= b.key;
  let a_scale = select(scale, V(1.0), a_is_larger);
  let b_scale = select(V(1.0), scale, a_is_larger);
  return Acc(
    key,
    a.weights * a_scale + b.weights * b_scale,
    soft_scaled(a.weighted, a_scale) + soft_scaled(b.weighted, b_scale),
  );
}

// A sum that is infinite and weighs nothing is nothing, not NaN.
fn soft_scaled(sum: V, scale: V) -> V {
  return select(sum * scale, V(0.0), scale == V(0.0));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let infinite = ((acc.key == U(SOFT_PLUS_INF)) | (acc.key == U(SOFT_MINUS_INF))) & B(params.op.x != 0.0);
  let extreme = infinite | (acc.key == U(SOFT_NAN));
  let mean = acc.weighted / select(acc.weights, V(1.0), acc.weights == V(0.0));
  return V(params.op.y) * select(mean, key_to_value(acc.key), extreme);
}
