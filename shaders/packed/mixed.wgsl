// An accumulator of mixed without its index, which only the way back looks at.
const PACKED = 2u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.key, bitcast<U>(acc.sum));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], bitcast<V>(words[1]), U(0xffffffffu));
}
