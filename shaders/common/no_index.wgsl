// For ops that choose no tap: the index that means none.
fn acc_index(acc: Acc) -> U {
  return U(0xffffffffu);
}
