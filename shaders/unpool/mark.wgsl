// unpool, the second of three steps: every pooled value marks the position at its index; the last in row-major order wins, by a maximum of whole
// numbers, which is the same in any order. An index outside the plane marks nothing and raises the status.
//
// params.extent = pooled values, channels, positions in a plane, pooled values of a plane
@group(0) @binding(3) var<storage, read> indices: array<u32>;
@group(0) @binding(4) var<storage, read_write> scratch: array<atomic<u32>>;
@group(0) @binding(9) var<storage, read_write> status: atomic<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.extent.x) {
    return;
  }
  let index = indices[own];
  if (index < params.extent.z) {
    atomicMax(&scratch[place_of(own).plane * params.extent.z + index], own + 1u);
  } else {
    atomicOr(&status, 4u);
  }
}
