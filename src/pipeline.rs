//! A kernel compiled: its text becomes a pipeline.

use std::num::NonZeroU64;

use crate::{
    Texel,
    plan::{Bound, KernelKey, Params},
};

/// A compiled kernel and the layout of its group 0.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

impl Pipeline {
    /// Assembles and compiles a kernel, or takes the compiled text from the driver's cache. Errors go to the device's error scopes.
    pub(crate) fn compile(device: &wgpu::Device, key: &KernelKey, cache: Option<&wgpu::PipelineCache>) -> Self {
        let label = key.to_string();
        let label = Some(label.as_str());
        let source = wgpu::ShaderModuleDescriptor { label, source: wgpu::ShaderSource::Wgsl(key.wgsl().into()) };
        let checks = wgpu::ShaderRuntimeChecks {
            force_loop_bounding: false,
            int_div_checks: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: two checks are left out, bounds checks stay. Every loop in shaders/ counts up to a bound that is a constant or a
        // size the planner has checked, or halves a constant, so it ends without the injected counter, which would keep drivers
        // from unrolling. Every integer division is by a constant above 0, or unsigned and by a parameter that is at least 1 (sizes, strides,
        // dilations, part and tile counts), or, inside a loop over a region's taps, by their number on an axis, which is then at
        // least 1.
        #[allow(unsafe_code, reason = "with the loop counter the tile kernel took a quarter longer on lavapipe")]
        let module = unsafe { device.create_shader_module_trusted(source, checks) };
        let entry =
            |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None };
        let buffer = |ty, min_binding_size| wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size };
        let params = buffer(wgpu::BufferBindingType::Uniform, NonZeroU64::new(size_of::<Params>() as u64));
        let params = entry(0, params);
        let slots = key.slots().map(|slot| {
            let view_dimension = wgpu::TextureViewDimension::D2;
            let ty = match key.bound(slot) {
                Bound::Buffer { read_only } => buffer(wgpu::BufferBindingType::Storage { read_only }, None),
                Bound::Source(texel) => {
                    let sample_type = match texel {
                        Texel::Depth32Float => wgpu::TextureSampleType::Depth,
                        _ => wgpu::TextureSampleType::Float { filterable: false },
                    };
                    wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false }
                }
                Bound::Target(texel) => {
                    let access = wgpu::StorageTextureAccess::WriteOnly;
                    wgpu::BindingType::StorageTexture { access, format: texel.format(), view_dimension }
                }
            };
            entry(slot as u32, ty)
        });
        let entries: Vec<_> = std::iter::once(params).chain(slots).collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Workgroup memory is written before it is read.
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache,
        });
        Self { pipeline, layout }
    }
}
