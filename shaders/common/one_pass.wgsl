// Ops that see their taps once carry nothing from one pass to the next.
alias Carry = u32;
const PASSES = 1u;

fn carry_first(ctx: Ctx) -> Carry {
  return 0u;
}

fn acc_carry(acc: Acc) -> Carry {
  return 0u;
}

fn acc_next(acc: Acc, carry: Carry) -> Carry {
  return carry;
}
