// The fold of variance and std: count, mean and Σ(x − mean)² by Welford's update and Chan's merge. No Σx² − (Σx)², so a large
// mean cancels nothing. inf and NaN give NaN, which is told by the mean: it is not finite from such a tap on, while a compiler may take the
// difference of a value and a mean that is that value for 0.
struct Acc {
  count: V,
  mean: V,
  squares: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(V(0.0), V(0.0), V(0.0));
}

// The first value is the mean as it stands, and not 0 + x/1: a quotient may be off by its last digits.
fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let count = acc.count + V(1.0);
  let ahead = tap.value - acc.mean;
  let mean = select(acc.mean + ahead / count, tap.value, acc.count == V(0.0));
  return Acc(count, mean, acc.squares + ahead * (tap.value - mean));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let count = a.count + b.count;
  let share = b.count / max(count, V(1.0));
  let ahead = b.mean - a.mean;
  let mean = select(a.mean + ahead * share, b.mean, a.count == V(0.0));
  return Acc(count, mean, a.squares + b.squares + ahead * (ahead * (a.count * share)));
}

// Σ(x − mean)²/n. Never below 0, whatever the last digit of a device's division; told by the bits, so that NaN stays.
fn moments_variance(acc: Acc) -> V {
  let variance = acc.squares / max(acc.count, V(1.0));
  let bits = bitcast<U>(variance);
  let below = (bits > U(0x80000000u)) & (bits <= U(0xff800000u));
  return or_nan(select(variance, V(0.0), below), !is_finite(acc.mean));
}
