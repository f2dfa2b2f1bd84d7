// Invocations that fold together: TEAM of them fold one region, WORKGROUP / TEAM regions a workgroup, and merge what each has in a tree in workgroup memory.
const TEAMS = WORKGROUP / TEAM;
// Where taps lie side by side in memory members of a team are neighbours; where regions do (channels, features of tokens) teams are, TEAMS_BESIDE.
const TEAM_STEP = select(1u, TEAMS, TEAMS_BESIDE);

var<workgroup> team_accs: array<Acc, WORKGROUP>;

// The team of an invocation, and its number in it.
struct Member {
  team: u32,
  number: u32,
}

fn member_of(local: u32) -> Member {
  if (TEAMS_BESIDE) {
    return Member(local % TEAMS, local / TEAMS);
  }
  return Member(local / TEAM, local % TEAM);
}

// Merges one accumulator of each member; every member gets the answer.
fn team_merge(local: u32, member: Member, acc: Acc) -> Acc {
  team_accs[local] = acc;
  workgroupBarrier();
  for (var half = TEAM / 2u; half > 0u; half /= 2u) {
    if (member.number < half) {
      team_accs[local] = acc_merge(team_accs[local], team_accs[local + half * TEAM_STEP]);
    }
    workgroupBarrier();
  }
  let merged = team_accs[local - member.number * TEAM_STEP];
  workgroupBarrier();
  return merged;
}
