//! Copy kernels: the limit. They read and write every byte once, as vec4s, and do nothing else.

use std::num::NonZeroU64;

use plunge::{
    Engine, Error,
    wgpu::{
        BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, BufferBinding, BufferDescriptor, BufferUsages,
        ComputePass, ComputePipeline, ComputePipelineDescriptor, PipelineCompilationOptions, ShaderModuleDescriptor,
        ShaderSource,
    },
};

use crate::{Contestant, Skipped, device::watched};

/// Bytes of each of the two buffers.
const SIZES: [u64; 2] = [64 << 20, 128 << 20];

/// A kernel that copies one buffer to another.
#[derive(Debug)]
pub struct CopyKernel {
    /// Consecutive vec4s that one invocation copies.
    pub per_invocation: u32,
    /// Invocations in a workgroup.
    pub workgroup: u32,
    /// Bytes that are read, and as many are written.
    pub bytes: u64,
    pipeline: ComputePipeline,
    group: BindGroup,
    grid: [u32; 2],
}

impl CopyKernel {
    /// One and four consecutive vec4s an invocation, in workgroups of 64 and 256, over buffers of 64 and 128 MiB; and what this device cannot bind, with the reason.
    /// All share two buffers.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] or [`Error::Device`] where the device refuses the smallest of them.
    pub fn all(engine: &Engine) -> Result<(Vec<Self>, Vec<Skipped>), Error> {
        let limits = engine.limits();
        let (mut kernels, mut skipped) = (Vec::new(), Vec::new());
        let (sizes, too_large): (Vec<u64>, Vec<u64>) = SIZES.iter().partition(|&&size| size <= limits.binding_bytes);
        for size in too_large {
            let why = format!("the device binds {} MiB at most", limits.binding_bytes >> 20);
            skipped.push(Skipped { name: format!("copy of {} MiB", size >> 20), why });
        }
        // A device that binds less is measured with what it binds.
        let sizes = if sizes.is_empty() { vec![limits.binding_bytes / 4096 * 4096] } else { sizes };
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let [input, output] = [Self::buffer(engine, largest)?, Self::buffer(engine, largest)?];
        for bytes in sizes {
            for workgroup in [64, 256] {
                for per_invocation in [1, 4] {
                    if workgroup > limits.invocations_per_workgroup {
                        let name = format!("copy in workgroups of {workgroup}");
                        let why = format!("the device has {} invocations in one at most", limits.invocations_per_workgroup);
                        skipped.push(Skipped { name, why });
                        continue;
                    }
                    kernels.push(Self::new(engine, per_invocation, workgroup, bytes, [&input, &output])?);
                }
            }
        }
        Ok((kernels, skipped))
    }

    /// A buffer that is not all zeros, which some memory is faster at.
    fn buffer(engine: &Engine, bytes: u64) -> Result<Buffer, Error> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let descriptor = BufferDescriptor { label: Some("plunge copy"), size: bytes, usage, mapped_at_creation: true };
        let buffer = watched(engine.device(), || engine.device().create_buffer(&descriptor))?;
        {
            let mut view = buffer.get_mapped_range_mut(..).map_err(|error| Error::Device(error.to_string()))?;
            let chunk: Vec<u8> = (0..1u32 << 14).flat_map(|at| at.wrapping_mul(0x9e37_79b9).to_ne_bytes()).collect();
            let mut from = 0;
            while from < view.len() {
                let to = (from + chunk.len()).min(view.len());
                view.slice(from..to).copy_from_slice(&chunk[..to - from]);
                from = to;
            }
        }
        buffer.unmap();
        Ok(buffer)
    }

    fn new(engine: &Engine, per_invocation: u32, workgroup: u32, bytes: u64, buffers: [&Buffer; 2]) -> Result<Self, Error> {
        let device = engine.device();
        let groups = bytes / 16 / u64::from(per_invocation * workgroup);
        let across = groups.clamp(1, u64::from(engine.limits().workgroups_per_dimension.min(1 << 15)));
        let fits = |count: u64| u32::try_from(count).map_err(|_| Error::Device("a grid beyond 32 bits".into()));
        let grid = [fits(across)?, fits(groups.div_ceil(across))?];
        let text = text(per_invocation, workgroup);
        watched(device, || {
            let source = ShaderSource::Wgsl(text.into());
            let module = device.create_shader_module(ShaderModuleDescriptor { label: Some("plunge copy"), source });
            let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some("plunge copy"),
                layout: None,
                module: &module,
                entry_point: None,
                compilation_options: PipelineCompilationOptions::default(),
                cache: None,
            });
            let [input, output] = buffers
                .map(|buffer| BindingResource::Buffer(BufferBinding { buffer, offset: 0, size: NonZeroU64::new(bytes) }));
            let entries = [BindGroupEntry { binding: 0, resource: input }, BindGroupEntry { binding: 1, resource: output }];
            let layout = &pipeline.get_bind_group_layout(0);
            let group =
                device.create_bind_group(&BindGroupDescriptor { label: Some("plunge copy"), layout, entries: &entries });
            Self { per_invocation, workgroup, bytes, pipeline, group, grid }
        })
    }

    /// What tells it from the others.
    #[must_use]
    pub fn name(&self) -> String {
        let Self { per_invocation, workgroup, bytes, .. } = self;
        format!("vec4 × {per_invocation}, workgroups of {workgroup}, {} MiB", bytes >> 20)
    }

    /// Bytes read and written.
    #[must_use]
    pub fn moved(&self) -> u64 {
        2 * self.bytes
    }
}

impl Contestant for CopyKernel {
    fn encode_pass(&self, pass: &mut ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(self.grid[0], self.grid[1], 1);
    }
}

fn text(per_invocation: u32, workgroup: u32) -> String {
    let mut lines = String::new();
    for at in 0..per_invocation {
        lines += &format!("  output[at + {at}u] = input[at + {at}u];\n");
    }
    format!(
        "@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4<f32>>;
@compute @workgroup_size({workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
  let at = ((group.y * grid.x + group.x) * {workgroup}u + local) * {per_invocation}u;
{lines}}}
"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use plunge::{HeadlessOptions, Shape};

    use super::*;
    use crate::Clock;

    /// A kernel that left something out would be no limit.
    #[test]
    fn every_byte_is_copied() {
        let engine = crate::open(&HeadlessOptions::from_env()).unwrap();
        let shape = Shape::nchw([1, 1, 1 << 18]);
        let values: Vec<u32> = (0..1 << 18).map(|at: u32| at.wrapping_mul(0x9e37_79b9)).collect();
        let input = engine.upload(shape, &values).unwrap();
        for (per_invocation, workgroup) in [(1, 64), (4, 64), (1, 256), (4, 256)] {
            let output = engine.allocate::<u32>(shape).unwrap();
            let buffers = [input.buffer(), output.buffer()];
            let kernel = CopyKernel::new(&engine, per_invocation, workgroup, 1 << 20, buffers).unwrap();
            Clock::wall(&engine).time(&kernel, 1).unwrap();
            assert!(engine.download(&output).unwrap() == values, "{}", kernel.name());
        }
    }
}
