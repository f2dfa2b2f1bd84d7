// The fold of max and min: the largest ordered key, and the index it came from. On equal keys the smaller index stays, among
// NaNs the larger. The key 0 means that nothing was seen.
struct Acc {
  key: U,
  index: U,
}

const EXTREMUM_NAN = 0xffffffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), U(0xffffffffu));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  if (!WITH_INDEX) {
    return Acc(max(a.key, b.key), a.index);
  }
  let tie = select(min(a.index, b.index), max(a.index, b.index), key_stands_for_nan(a.key));
  let index = select(select(b.index, a.index, a.key > b.key), tie, a.key == b.key);
  return Acc(max(a.key, b.key), index);
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}
