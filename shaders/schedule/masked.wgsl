// masked: a team folds the tokens of one sequence that the mask holds, for four neighbouring features or for one, without a list of them: each member looks at every
// TEAM-th token, AHEAD of them at a time so that the memory is asked for the next before the last has come. Only for ops whose push looks at nothing but the
// value (`shareable`, in one pass, with weights that are alike). A label that is none raises bit 1 of the status.
//
// Moves, per output: the mask, the values of tokens that it holds, and one result. Fast because nothing is sorted first, and because a sequence has many
// invocations where one for every four features would leave a GPU idle.
@group(0) @binding(9) var<storage, read_write> status: atomic<u32>;

const AHEAD = 4u;
// Turns after which a member has pushed 32 values at most, a block; blocks are merged, so that sums of long sequences stay accurate.
const BLOCK_TURNS = 8u;

var<workgroup> team_held: array<u32, WORKGROUP>;

// What a member has of its team's tokens.
struct Held {
  acc: Acc,
  count: u32,
}

fn masked_fold(at: Place, number: u32) -> Held {
  let no_ctx = Ctx(0u, 1.0, 0u, U(0u));
  let nothing = acc_init(no_ctx, carry_first(no_ctx));
  let base = plane_base(at.plane);
  let image = at.plane / params.region_words.x;
  let tokens = params.depth.x;
  var held = Held(nothing, 0u);
  var block = nothing;
  var turn = 0u;
  for (var first = number; first < tokens; first += AHEAD * TEAM) {
    var values: array<V, AHEAD>;
    var holds: array<bool, AHEAD>;
    for (var i = 0u; i < AHEAD; i++) {
      let token = first + i * TEAM;
      holds[i] = false;
      if (token < tokens) {
        let label = label_at(image, token);
        holds[i] = label == 0u;
        if (label != 0u && label != 0xffffffffu) {
          atomicOr(&status, 2u);
        }
      }
      if (holds[i]) {
        values[i] = load(element_at(base, tap_index(token, 0u, at.x)));
      }
    }
    for (var i = 0u; i < AHEAD; i++) {
      if (holds[i]) {
        block = acc_push(block, Tap(values[i], value_of(1.0), 0u, 0u), no_ctx);
        held.count += 1u;
      }
    }
    turn += 1u;
    if (turn % BLOCK_TURNS == 0u) {
      held.acc = acc_merge(held.acc, block);
      block = nothing;
    }
  }
  held.acc = acc_merge(held.acc, block);
  return held;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let member = member_of(local);
  let first = ((group.y * params.grid.x + group.x) * TEAMS + member.team) * GROUP * LANES;
  // A team behind the last has nothing to do, and waits with the others.
  let count = min(params.extent.x - min(first, params.extent.x), GROUP * LANES);
  var run: Run;
  var at = place_of(min(first, params.extent.x - 1u));
  for (var lane = 0u; lane < GROUP * LANES; lane += LANES) {
    var held: Held;
    if (lane < count) {
      held = masked_fold(at, member.number);
    }
    team_held[local] = held.count;
    let acc = team_merge(local, member, held.acc);
    var found = 0u;
    for (var i = 0u; i < TEAM; i++) {
      found += team_held[local + i * TEAM_STEP - member.number * TEAM_STEP];
    }
    run = run_with(run, lane, acc, rect_ctx(rect_held(at, found), at));
    if (lane + LANES < count) {
      at = place_next(at);
    }
    workgroupBarrier();
  }
  if (member.number == 0u && count > 0u) {
    emit_run(first, run, count);
  }
}
