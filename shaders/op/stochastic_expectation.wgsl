// stochastic, expectation: Σa²/Σa over V, a = max(x, 0): what the sample is on average. Relative to the largest a, by online
// rescaling, so that no square overflows. All 0 or nothing seen: 0; +inf and NaN propagate.
struct Acc {
  largest: U,   // the largest a, by its bits; NaN stands above inf
  sum: V,       // Σ a/largest
  squares: V,   // Σ (a/largest)²
}

const EXPECTATION_INF = 0x7f800000u;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  let magnitude = bits & U(0x7fffffffu);
  // Below the normal range some devices divide by zero, so such values count as 0.
  let counts = ((bits < U(0x80000000u)) & (magnitude >= U(0x00800000u))) | key_is_nan(bits);
  return acc_merge(acc, Acc(select(U(0u), magnitude, counts), V(1.0), V(1.0)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let a_is_larger = a.largest >= b.largest;
  let largest = max(a.largest, b.largest);
  // Beside an infinity or NaN the sums are of no account: `acc_finish` looks at the largest.
  let ratio = quotient(bitcast<V>(min(a.largest, b.largest)), bitcast<V>(max(largest, U(0x00800000u))));
  return Acc(
    largest,
    select(b.sum, a.sum, a_is_larger) + select(a.sum, b.sum, a_is_larger) * ratio,
    select(b.squares, a.squares, a_is_larger) + select(a.squares, b.squares, a_is_larger) * ratio * ratio,
  );
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let largest = bitcast<V>(acc.largest);
  let answer = largest * min(acc.squares / max(acc.sum, V(1.0)), V(1.0));
  return select(answer, largest, (acc.largest >= U(EXPECTATION_INF)) | (acc.largest == U(0u)));
}
