// What the workgroup schedules share: a fold by neighbours side by side, and a tree of merges in workgroup memory.
const BLOCK = 32u;

var<workgroup> workgroup_accs: array<Acc, WORKGROUP>;

// Folds the taps from..to of a region, this invocation taking every WORKGROUP-th, in blocks of BLOCK that are then merged,
// so that sums stay accurate.
fn workgroup_fold(rect: Rect, from_tap: u32, to_tap: u32, local: u32, ctx: Ctx, carry: Carry) -> Acc {
  let weighting = weighting_of(rect, ctx);
  var total = acc_init(ctx, carry);
  var block = acc_init(ctx, carry);
  var pushed = 0u;
  for (var ordinal = from_tap + local; ordinal < to_tap; ordinal += WORKGROUP) {
    let line = ordinal / rect.width.count;
    let d = line / rect.height.count;
    block = acc_push(block, rect_tap(rect, weighting, d, line % rect.height.count, ordinal % rect.width.count, ordinal), ctx);
    pushed += 1u;
    if (pushed == BLOCK) {
      total = acc_merge(total, block);
      block = acc_init(ctx, carry);
      pushed = 0u;
    }
  }
  return acc_merge(total, block);
}

// Merges one accumulator of each invocation; every invocation gets the answer.
fn workgroup_merge(local: u32, acc: Acc) -> Acc {
  workgroup_accs[local] = acc;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      workgroup_accs[local] = acc_merge(workgroup_accs[local], workgroup_accs[local + half]);
    }
    workgroupBarrier();
  }
  let merged = workgroup_accs[0];
  workgroupBarrier();
  return merged;
}
