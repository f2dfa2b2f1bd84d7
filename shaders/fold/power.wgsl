// The fold of lp and gem: Σ(|x|/m)^p beside m = max|x|, so that no power overflows. m is held as an integer, since the bits
// of |x| are ordered and NaN stands above inf. Variants for p = 1, 2 and inf keep a plain sum, or m alone and the first tap that has it.
//
// params.op.x = p
struct Acc {
  largest: U,
  sum: V,
  index: U,
  logs: V,      // Σ(|x|/m)^p ln(|x|/m), for the way back to p
}

const POWER_ONE = 1u;
const POWER_TWO = 2u;
const POWER_INF = 3u;
const POWER_INF_BITS = 0x7f800000u;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), U(0xffffffffu), V(0.0));
}

// Adds one magnitude, given by its bits.
fn power_push(acc: Acc, magnitude: U, index: u32) -> Acc {
  // Below the normal range some devices divide by zero, so such values count as 0.
  let normal = select(magnitude, U(0u), (magnitude < U(0x00800000u)) & B(OP_VARIANT != POWER_INF));
  // The first NaN among them, whatever else its bits say.
  let known = select(normal, U(0x7fc00000u), key_is_nan(magnitude) & B(WITH_INDEX && OP_VARIANT == POWER_INF));
  return acc_merge(acc, Acc(known, V(1.0), U(index), V(0.0)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  if (OP_VARIANT == POWER_ONE || OP_VARIANT == POWER_TWO) {
    return Acc(a.largest, a.sum + b.sum, a.index, a.logs);
  }
  let largest = max(a.largest, b.largest);
  if (OP_VARIANT == POWER_INF) {
    if (!WITH_INDEX) {
      return Acc(largest, a.sum, a.index, a.logs);
    }
    let first = min(a.index, b.index);
    return Acc(largest, a.sum, select(select(b.index, a.index, a.largest > b.largest), first, a.largest == b.largest), a.logs);
  }
  let smallest = min(a.largest, b.largest);
  // Nothing beside nothing is 0: the divisor is normal, since some devices take what is below for 0.
  let ratio = quotient(bitcast<V>(smallest), bitcast<V>(max(largest, U(0x00800000u))));
  // pow(0, p) is left to no driver's taste; inf and NaN are settled by `largest` alone.
  let power = select(pow(ratio, V(params.op.x)), V(0.0), ratio == V(0.0));
  let a_is_larger = a.largest >= b.largest;
  let small = select(a.sum, b.sum, a_is_larger);
  let sum = select(b.sum, a.sum, a_is_larger) + small * power;
  if (!WITH_INDEX) {
    return Acc(largest, sum, a.index, a.logs);
  }
  let nothing = power == V(0.0);
  let apart = log(select(ratio, V(1.0), nothing));
  let of_small = select(power * (select(a.logs, b.logs, a_is_larger) + small * apart), V(0.0), nothing);
  return Acc(largest, sum, a.index, select(b.logs, a.logs, a_is_larger) + of_small);
}

// m · (s · share)^(1/p); 0, inf and NaN stand for themselves.
fn power_norm(acc: Acc, share: V, inverse: f32) -> V {
  let largest = bitcast<V>(acc.largest);
  let norm = largest * pow(max(acc.sum, V(1.0)) * share, V(inverse));
  return select(norm, largest, (acc.largest >= U(POWER_INF_BITS)) | (acc.largest == U(0u)));
}
