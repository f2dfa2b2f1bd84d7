//! Pooling from and to textures: which level of which, and chains of mip levels.

use std::sync::Arc;

use crate::{
    BoundPooling, Engine, Error, Op, Texel,
    pipeline::Pipeline,
    plan::{MipPlan, MipStep, Params},
    pooler::{BoundStep, filled},
};

/// One mip level of a two-dimensional texture.
#[derive(Debug, Clone, Copy)]
pub struct TextureLevel<'a> {
    /// The texture, of one layer and one sample.
    pub texture: &'a wgpu::Texture,
    /// Which of its levels.
    pub mip_level: u32,
}

impl<'a> TextureLevel<'a> {
    /// A level of a texture.
    #[must_use]
    pub fn new(texture: &'a wgpu::Texture, mip_level: u32) -> Self {
        Self { texture, mip_level }
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> [u32; 2] {
        [self.texture.width(), self.texture.height()].map(|side| side.checked_shr(self.mip_level).unwrap_or(0).max(1))
    }

    /// A view of this level alone.
    pub(crate) fn view(&self) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor {
            label: Some("plunge"),
            base_mip_level: self.mip_level,
            mip_level_count: Some(1),
            ..Default::default()
        })
    }

    /// Refuses what is not a level of this format and size, or may not be used so.
    pub(crate) fn check(&self, binding: &'static str, texel: Texel, size: [u32; 2], written: bool) -> Result<(), Error> {
        let invalid = |expected: String, actual: String| Err(Error::InvalidBinding { binding, expected, actual });
        let Self { texture, mip_level } = *self;
        if texture.format() != texel.format() {
            return invalid(format!("a texture of {texel}"), format!("one of {:?}", texture.format()));
        }
        let flat = texture.dimension() == wgpu::TextureDimension::D2 && texture.depth_or_array_layers() == 1;
        if !flat || texture.sample_count() != 1 {
            let (dimension, layers, samples) = (texture.dimension(), texture.depth_or_array_layers(), texture.sample_count());
            let actual = format!("{dimension:?} with {layers} layers and {samples} samples");
            return invalid("a two-dimensional texture of one layer and one sample".into(), actual);
        }
        let usage = if written { wgpu::TextureUsages::STORAGE_BINDING } else { wgpu::TextureUsages::TEXTURE_BINDING };
        if !texture.usage().contains(usage) {
            return invalid(format!("a texture with {usage:?}"), format!("one with {:?}", texture.usage()));
        }
        if mip_level >= texture.mip_level_count() {
            return invalid(format!("a level below {}", texture.mip_level_count()), format!("level {mip_level}"));
        }
        if self.size() != size {
            let [[columns, rows], [own_columns, own_rows]] = [size, self.size()];
            return invalid(format!("{columns} columns and {rows} rows"), format!("{own_columns} columns and {own_rows} rows"));
        }
        Ok(())
    }
}

impl<'a> From<&'a wgpu::Texture> for TextureLevel<'a> {
    fn from(texture: &'a wgpu::Texture) -> Self {
        Self::new(texture, 0)
    }
}

/// A chain of mip levels made ready for one size: what [`Engine::prepare_mips`] gives.
#[derive(Debug, Clone)]
pub struct MipPooler {
    engine: Engine,
    source: Texel,
    target: Texel,
    plan: MipPlan,
    pipelines: Vec<Arc<Pipeline>>,
}

impl Engine {
    /// Prepares all levels below a texture level of `size`, columns and rows: each is the max, min or average of the one above it, half its size
    /// rounded down. Four levels are made in one dispatch, so a chain of twelve takes three.
    ///
    /// A texel's bin on an axis is ⌊i·in/out⌋ to ⌈(i+1)·in/out⌉, as in [`Region::Adaptive`](crate::Region::Adaptive): two texels above it, or three where the
    /// size above is odd. So a max or min is over everything that lies under the texel, as culling by a depth pyramid needs. NaN wins, as in
    /// [`Op::Max`]. Averages of levels within one dispatch are taken before they are rounded to the target's format.
    ///
    /// ```
    /// use plunge::{Engine, Op, Texel, TextureLevel, wgpu};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let size = wgpu::Extent3d { width: 200, height: 120, depth_or_array_layers: 1 };
    /// let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::STORAGE_BINDING;
    /// let color = engine.device().create_texture(&wgpu::TextureDescriptor {
    ///     label: None, size, mip_level_count: 8, sample_count: 1, dimension: wgpu::TextureDimension::D2,
    ///     format: wgpu::TextureFormat::Rgba8Unorm, usage, view_formats: &[],
    /// });
    /// let mips = engine.prepare_mips(&Op::AVERAGE, Texel::Rgba8Unorm, Texel::Rgba8Unorm, [200, 120])?;
    /// assert_eq!(mips.levels(), 7);
    /// let bound = mips.bind(TextureLevel::new(&color, 0), TextureLevel::new(&color, 1))?;
    /// let mut encoder = engine.device().create_command_encoder(&Default::default());
    /// bound.encode(&mut encoder);
    /// # engine.queue().submit([encoder.finish()]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] for other ops, for a target of another number of channels than the source or of depth32float, and for depth buffers on GL;
    /// [`Error::InvalidAxis`] for a side of 0; [`Error::UnsupportedSize`] for one above 32,768; [`Error::Device`] where the driver refuses a kernel; [`Error::DeviceLost`]. In
    /// browsers use [`prepare_mips_async`](Self::prepare_mips_async).
    pub fn prepare_mips(&self, op: &Op, source: Texel, target: Texel, size: [u32; 2]) -> Result<MipPooler, Error> {
        pollster::block_on(self.prepare_mips_async(op, source, target, size))
    }

    /// [`prepare_mips`](Self::prepare_mips) without blocking.
    ///
    /// # Errors
    /// As [`prepare_mips`](Self::prepare_mips).
    pub async fn prepare_mips_async(&self, op: &Op, source: Texel, target: Texel, size: [u32; 2]) -> Result<MipPooler, Error> {
        let plan = MipPlan::new(op, source, target, size, self.limits())?;
        self.check_source(source)?;
        let pipelines = self.pipelines(&plan.steps.iter().map(|step| step.key).collect::<Vec<_>>()).await?;
        Ok(MipPooler { engine: self.clone(), source, target, plan, pipelines })
    }

    /// Refuses textures that this backend's shaders cannot load from.
    pub(crate) fn check_source(&self, source: Texel) -> Result<(), Error> {
        if source == Texel::Depth32Float && self.device().adapter_info().backend == wgpu::Backend::Gl {
            let because = "GL's shaders compare with depth buffers and do not load from them; copy it into r32float";
            return Err(Error::unsupported("pooling from depth32float on GL", because));
        }
        Ok(())
    }

    /// Refuses to read one level of a texture and write another on GL, where wgpu hides the levels that are not read.
    pub(crate) fn check_apart(&self) -> Result<(), Error> {
        if self.device().adapter_info().backend == wgpu::Backend::Gl {
            let because = "GL cannot write to one level of a texture while it reads from another; give it two textures";
            return Err(Error::unsupported("pooling from one level of a texture to another on GL", because));
        }
        Ok(())
    }
}

impl MipPooler {
    /// Levels that are made.
    #[must_use]
    pub fn levels(&self) -> u32 {
        u32::try_from(self.plan.levels.len()).unwrap_or(u32::MAX)
    }

    /// Dispatches that make them.
    #[must_use]
    pub fn dispatches(&self) -> usize {
        self.plan.steps.len()
    }

    /// Columns and rows of each level.
    #[must_use]
    pub fn sizes(&self) -> &[[u32; 2]] {
        &self.plan.levels
    }

    /// Binds the level to begin with, which needs usage `TEXTURE_BINDING`, and the first of those to make, of a texture with `STORAGE_BINDING`: the
    /// same texture's next level, but on GL, or another texture's. Makes a scratch buffer of a 256th of the source where there is more than one
    /// dispatch.
    ///
    /// # Errors
    /// [`Error::InvalidBinding`] for textures of another format, size or usage and for too few levels; [`Error::Unsupported`] for one texture on GL, which
    /// cannot read one level and write another; [`Error::OutOfMemory`] or [`Error::Device`] where the device refuses; [`Error::DeviceLost`]. In browsers use
    /// [`bind_async`](Self::bind_async).
    pub fn bind<'a>(
        &self,
        source: impl Into<TextureLevel<'a>>,
        target: impl Into<TextureLevel<'a>>,
    ) -> Result<BoundPooling, Error> {
        pollster::block_on(self.bind_async(source, target))
    }

    /// [`bind`](Self::bind) without blocking.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_async<'a>(
        &self,
        source: impl Into<TextureLevel<'a>>,
        target: impl Into<TextureLevel<'a>>,
    ) -> Result<BoundPooling, Error> {
        let (source, target) = (source.into(), target.into());
        source.check("source", self.source, self.plan.source, false)?;
        let level = |at: usize| {
            let mip_level = target.mip_level.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
            TextureLevel { texture: target.texture, mip_level }
        };
        for (at, &size) in self.plan.levels.iter().enumerate() {
            level(at).check("target", self.target, size, true)?;
        }
        let one = source.texture == target.texture;
        if one && source.mip_level >= target.mip_level {
            let expected = format!("a level after the source's, which is {}", source.mip_level);
            let actual = format!("level {}", target.mip_level);
            return Err(Error::InvalidBinding { binding: "target", expected, actual });
        }
        if one {
            self.engine.check_apart()?;
        }
        let numbered = self.plan.steps.iter().zip(0..);
        let slices: Vec<(u64, &[u8])> =
            numbered.map(|(step, at)| (at * Params::SLICE, bytemuck::bytes_of(&step.params))).collect();
        let device = self.engine.device();
        let descriptor = wgpu::BufferDescriptor {
            label: Some("plunge scratch"),
            size: self.plan.scratch_bytes.max(4),
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        };
        let scratch = self.engine.buffer(&descriptor).await?;
        let params = filled(&self.engine, "plunge parameters", wgpu::BufferUsages::UNIFORM, &slices).await?;
        let steps = self
            .engine
            .watched(|| {
                let numbered = self.plan.steps.iter().zip(&self.pipelines).zip(0..);
                numbered
                    .map(|((step, pipeline), at)| {
                        let MipStep { key, workgroups, first, count, .. } = step;
                        let begin = (*first == 0).then_some(source);
                        let views: Vec<wgpu::TextureView> =
                            begin.into_iter().chain((*first..first + count).map(level)).map(|level| level.view()).collect();
                        // Textures come first among the slots, then scratch where it is used.
                        let resources = views.iter().map(wgpu::BindingResource::TextureView);
                        let resources = key.slots().zip(resources.chain([scratch.as_entire_binding()]));
                        let entries = resources.map(|(slot, resource)| wgpu::BindGroupEntry { binding: slot as u32, resource });
                        let entries: Vec<_> = std::iter::once(Params::entry(&params, at)).chain(entries).collect();
                        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                            label: Some("plunge"),
                            layout: &pipeline.layout,
                            entries: &entries,
                        });
                        BoundStep { pipeline: pipeline.clone(), group, workgroups: *workgroups, cost: 0 }
                    })
                    .collect()
            })
            .await?;
        Ok(BoundPooling { steps })
    }
}
