// rank and median: the element of V at place ⌊Q(n − 1)/2³²⌋ in order, Q = ⌈q·2³²⌉. Exact: a radix select on ordered keys, two bits
// a pass from the top. Each pass counts, among the taps whose key begins with the digits so far, those with each next digit;
// the carry is the digits so far and the place left among them. NaN in V gives NaN. Nothing seen: 0. Where the tap is wanted, one more
// pass finds the first that has the key.
//
// params.op_words = Q (modulo 2³²), 1 where q = 1, unused, unused
struct Acc {
  prefix: U,
  place: U,
  shift: U,
  nans: U,
  zeros: U,
  ones: U,
  twos: U,
  threes: U,
  index: U,
}

struct Carry {
  prefix: U,
  place: U,
  shift: U,
}

const PASSES = select(16u, 17u, WITH_INDEX);
// The shift of the pass after the last digit.
const RANK_FOUND = 32u;
const RANK_NAN = 0xffffffffu;

fn carry_first(ctx: Ctx) -> Carry {
  let last = U(max(ctx.valid, 1u) - 1u);
  let place = select(word_high(U(params.op_words.x), last), last, B(params.op_words.y != 0u));
  return Carry(U(0u), place, U(30u));
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(carry.prefix, carry.place, carry.shift, U(0u), U(0u), U(0u), U(0u), U(0u), U(0xffffffffu));
}

// The carry that an accumulator was begun with.
fn acc_carry(acc: Acc) -> Carry {
  return Carry(acc.prefix, acc.place, acc.shift);
}

// What schedule/sort.wgsl sorts by, and where the answer then stands: at the last valid place where there is a NaN, which has the last key.
fn sort_key(value: V) -> U {
  let bits = bitcast<U>(value);
  return select(key_of_bits(bits), U(RANK_NAN), key_is_nan(bits));
}

fn sort_place(ctx: Ctx, nan: B) -> U {
  return select(carry_first(ctx).place, U(max(ctx.valid, 1u) - 1u), nan);
}

// The accumulator that has found this key.
fn sort_acc(key: U, index: U) -> Acc {
  return Acc(key, U(0u), U(RANK_FOUND), U(0u), U(0u), U(0u), U(0u), U(0u), index);
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let key = sort_key(tap.value);
  let is_nan = key_is_nan(bitcast<U>(tap.value));
  if (WITH_INDEX) {
    let found = (acc.shift == U(RANK_FOUND)) & (key == acc.prefix);
    let own = select(U(0xffffffffu), U(tap.index), found);
    return rank_count(acc, key, is_nan, min(acc.index, own));
  }
  return rank_count(acc, key, is_nan, acc.index);
}

fn rank_count(acc: Acc, key: U, is_nan: B, index: U) -> Acc {
  // Two shifts, since one by 32 has no meaning.
  let shift = min(acc.shift, U(30u));
  let begins = (((key ^ acc.prefix) >> (shift + U(1u))) >> U(1u)) == U(0u);
  let digit = (key >> shift) & U(3u);
  var next = acc;
  next.index = index;
  next.nans += select(U(0u), U(1u), is_nan);
  next.zeros += select(U(0u), U(1u), begins & (digit == U(0u)));
  next.ones += select(U(0u), U(1u), begins & (digit == U(1u)));
  next.twos += select(U(0u), U(1u), begins & (digit == U(2u)));
  next.threes += select(U(0u), U(1u), begins & (digit == U(3u)));
  return next;
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(
    a.prefix, a.place, a.shift,
    a.nans + b.nans, a.zeros + b.zeros, a.ones + b.ones, a.twos + b.twos, a.threes + b.threes,
    min(a.index, b.index),
  );
}

fn acc_next(acc: Acc, carry: Carry) -> Carry {
  let found = acc.shift == U(RANK_FOUND);
  let ones = acc.zeros;
  let twos = ones + acc.ones;
  let threes = twos + acc.twos;
  // NaN has the last key, so where there is one the last place is the answer, from the first pass on.
  let place = select(acc.place, max(threes + acc.threes, U(1u)) - U(1u), acc.nans > U(0u));
  let digit = select(select(select(U(0u), U(1u), place >= ones), U(2u), place >= twos), U(3u), place >= threes);
  let before = select(select(select(U(0u), ones, place >= ones), twos, place >= twos), threes, place >= threes);
  let shift = min(acc.shift, U(30u));
  let next = select(shift - U(2u), U(RANK_FOUND), shift == U(0u));
  return Carry(
    select(acc.prefix | (digit << shift), acc.prefix, found),
    select(place - before, acc.place, found),
    select(next, acc.shift, found),
  );
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let key = acc_next(acc, carry_first(ctx)).prefix;
  return select(key_to_value(key), V(), B(ctx.valid == 0u));
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}
