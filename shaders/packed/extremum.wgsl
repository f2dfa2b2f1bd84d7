// An accumulator of max and min without its index: the key.
const PACKED = 1u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.key);
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], U(0xffffffffu));
}
