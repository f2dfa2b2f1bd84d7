// Parameters as they are bound, for kernels with barriers: what hangs on a private copy is not uniform to WGSL.
@group(0) @binding(0) var<uniform> params: Params;
