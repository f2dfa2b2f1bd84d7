// Numbers of the region that follow no formula of the axes: the region's file says which.
@group(0) @binding(5) var<storage, read> table: array<u32>;
