// lp: (Σ|x|^p)^(1/p) over V, no mean. Nothing seen: 0; NaN and inf propagate.
// Four variants, chosen by p when the source is put together: 1 and 2 are plain sums (p = 2 overflows beyond |x| = 1.8e19),
// inf is the largest magnitude, and any other p keeps Σ(|x|/m)^p beside m = max|x|, so that no power overflows.
// m is held as an integer, since the bits of |x| are ordered and NaN stands above inf.
//
// params.op = p, 1/p, unused, unused
struct Acc {
  largest: U,
  sum: V,
}

const LP_ANY = 0u;
const LP_ONE = 1u;
const LP_TWO = 2u;
const LP_INF = 3u;
const LP_INF_BITS = 0x7f800000u;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  if (OP_VARIANT == LP_ONE) {
    return Acc(acc.largest, acc.sum + abs(tap.value));
  }
  if (OP_VARIANT == LP_TWO) {
    return Acc(acc.largest, acc.sum + tap.value * tap.value);
  }
  let magnitude = bitcast<U>(tap.value) & U(0x7fffffffu);
  // Below the normal range some devices divide by zero; such a value adds nothing that f32 could show.
  let normal = select(magnitude, U(0u), (magnitude < U(0x00800000u)) & B(OP_VARIANT != LP_INF));
  return acc_merge(acc, Acc(normal, V(1.0)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  if (OP_VARIANT == LP_ONE || OP_VARIANT == LP_TWO) {
    return Acc(a.largest, a.sum + b.sum);
  }
  let largest = max(a.largest, b.largest);
  if (OP_VARIANT == LP_INF) {
    return Acc(largest, a.sum);
  }
  let smallest = min(a.largest, b.largest);
  let ratio = bitcast<V>(smallest) / bitcast<V>(max(largest, U(1u)));
  // pow(0, p) is left to no driver's taste; inf and NaN are settled by `largest` alone.
  let power = select(pow(ratio, V(params.op.x)), V(0.0), smallest == U(0u));
  let a_is_larger = a.largest >= b.largest;
  return Acc(largest, select(b.sum, a.sum, a_is_larger) + select(a.sum, b.sum, a_is_larger) * power);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  if (OP_VARIANT == LP_ONE) {
    return acc.sum;
  }
  if (OP_VARIANT == LP_TWO) {
    return sqrt(acc.sum);
  }
  let largest = bitcast<V>(acc.largest);
  if (OP_VARIANT == LP_INF) {
    return largest;
  }
  let norm = largest * pow(max(acc.sum, V(1.0)), V(params.op.y));
  return select(norm, largest, (acc.largest >= U(LP_INF_BITS)) | (acc.largest == U(0u)));
}
