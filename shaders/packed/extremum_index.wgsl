// An accumulator of max and min: the key, and the index it came from.
const PACKED = 2u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.key, acc.index);
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], words[1]);
}
