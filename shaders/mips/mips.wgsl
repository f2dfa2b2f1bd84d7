// mips: up to four levels of a chain at once. A level is the adaptive pooling of the level above it to half its size, rounded down: bins of two texels
// on an axis, of three that overlap where the size above is odd. One workgroup owns one texel of the last level of the step, folds all that lies above it from the
// source up, level by level, in workgroup memory, and stores what it owns of each level.
//
// Moves, per step: the source once (its odd edges twice), and each level once. Fast because no level is read back: a chain of twelve takes three
// steps, and from one to the next goes a 256th of the source, through scratch and not the texture, which so is written only and rounds nothing.
// params.depth, params.height = columns, rows of levels 1 to 4 of the step
// params.width.xy = columns, rows of the source
// params.grid = grid width, workgroups across, workgroups in all, unused
const FIRST_MOST = 15u;
const SECOND_MOST = 7u;
const THIRD_MOST = 3u;

var<workgroup> first: array<V, FIRST_MOST * FIRST_MOST>;
var<workgroup> second: array<V, SECOND_MOST * SECOND_MOST>;
var<workgroup> third: array<V, THIRD_MOST * THIRD_MOST>;

// Texels from `from` on, on two axes.
struct Block {
  begin: vec2<u32>,
  size: vec2<u32>,
}

fn level_size(level: u32) -> vec2<u32> {
  if (level == 0u) {
    return params.width.xy;
  }
  return vec2<u32>(params.depth[level - 1u], params.height[level - 1u]);
}

// What a block of a level is pooled from, in the level above.
fn block_above(block: Block, level: u32) -> Block {
  let above = level_size(level - 1u);
  let own = level_size(level);
  let begin = (block.begin * above) / own;
  let end = ((block.begin + block.size) * above + own - vec2<u32>(1u)) / own;
  return Block(begin, end - begin);
}

// Whether this workgroup stores a texel of a level: all do of their own share.
fn owned(texel: vec2<u32>, level: u32, tile: vec2<u32>) -> bool {
  let tiles = level_size(LEVELS);
  let size = level_size(level);
  return all(texel >= (tile * size) / tiles) && all(texel < ((tile + vec2<u32>(1u)) * size) / tiles);
}

fn level_ctx(taps: vec2<u32>) -> Ctx {
  let valid = taps.x * taps.y;
  return Ctx(valid, f32(valid), 0u, U(0u));
}

// Folds and stores a block of a level from one of the level above.
fn make_level(level: u32, above: Block, block: Block, tile: vec2<u32>, local: u32) {
  for (var at = local; at < block.size.x * block.size.y; at += WORKGROUP) {
    let texel = block.begin + vec2<u32>(at % block.size.x, at / block.size.x);
    let taps = block_above(Block(texel, vec2<u32>(1u)), level);
    let ctx = level_ctx(taps.size);
    var acc = acc_init(ctx, carry_first(ctx));
    for (var y = 0u; y < taps.size.y; y++) {
      for (var x = 0u; x < taps.size.x; x++) {
        let from_texel = taps.begin + vec2<u32>(x, y);
        let place = from_texel - above.begin;
        let held = place.y * above.size.x + place.x;
        var value: V;
        if (level == 1u) {
          value = source_at(from_texel);
        } else if (level == 2u) {
          value = first[held];
        } else if (level == 3u) {
          value = second[held];
        } else {
          value = third[held];
        }
        acc = acc_push(acc, Tap(value, value_of(1.0), y * taps.size.x + x, from_texel.y * level_size(level - 1u).x + from_texel.x), ctx);
      }
    }
    let answer = acc_finish(acc, ctx);
    if (level == 1u) {
      first[at] = answer;
    } else if (level == 2u) {
      second[at] = answer;
    } else if (level == 3u) {
      third[at] = answer;
    }
    if (owned(texel, level, tile)) {
      store_level(level, texel, answer);
      if (level == LEVELS) {
        keep(texel, answer);
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = group.y * params.grid.x + group.x;
  if (own >= params.grid.z) {
    return;
  }
  let tile = vec2<u32>(own % params.grid.y, own / params.grid.y);
  // The blocks of each level that the tile comes from, the last level's being the tile itself.
  var blocks: array<Block, 5>;
  blocks[LEVELS] = Block(tile, vec2<u32>(1u));
  for (var level = LEVELS; level > 0u; level--) {
    blocks[level - 1u] = block_above(blocks[level], level);
  }
  // No loop: FXC takes a barrier in one for one that not all reach.
  make_level(1u, blocks[0], blocks[1], tile, local);
  if (LEVELS > 1u) {
    workgroupBarrier();
    make_level(2u, blocks[1], blocks[2], tile, local);
  }
  if (LEVELS > 2u) {
    workgroupBarrier();
    make_level(3u, blocks[2], blocks[3], tile, local);
  }
  if (LEVELS > 3u) {
    workgroupBarrier();
    make_level(4u, blocks[3], blocks[4], tile, local);
  }
}
