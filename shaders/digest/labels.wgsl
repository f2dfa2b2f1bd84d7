// What the digests of labels share: a counting sort of every image's positions by label, in three steps. It is stable, so a segment's
// positions stay in row-major order, and it needs no atomics: an invocation owns a chunk of neighbouring positions and a column of
// counters, one for each segment.
//
// params.depth = positions, segments
// params.grid = grid width, images, chunks an image, positions a chunk
// params.region_words = planes an image, where the positions begin in the table, unused here, what a label is less than its word
@group(0) @binding(5) var<storage, read_write> table: array<u32>;
// A counter for each image, segment and chunk.
@group(0) @binding(4) var<storage, read_write> counters: array<u32>;

fn counter_of(image: u32, segment: u32, chunk: u32) -> u32 {
  return (image * params.depth.y + segment) * params.grid.z + chunk;
}
