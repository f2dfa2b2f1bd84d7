//! The buffers and textures that a pooling is bound to, and what is wrong with them.

use std::num::NonZeroU64;

use crate::{Error, TextureLevel, plan::Slot};

/// The buffers of one pooling: whole buffers, or ranges of them as [`wgpu::BufferBinding`]s.
///
/// Each needs `STORAGE` usage and an offset that is a multiple of the device's `min_storage_buffer_offset_alignment`. Input and
/// what is written must be different buffers, as WebGPU has it; outputs may share one in ranges that do not overlap. Larger
/// ranges than needed are fine. All must be of the engine's device: wgpu refuses those of another device, and panics over
/// those of another instance.
#[derive(Debug, Clone)]
pub struct Bindings<'a> {
    /// By the number of the slot.
    ranges: [Option<wgpu::BufferBinding<'a>>; Slot::ALL.len() + 1],
    /// In place of the input's range and the output's.
    pub(crate) source: Option<TextureLevel<'a>>,
    pub(crate) target: Option<TextureLevel<'a>>,
}

pub(crate) const STORAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE;

/// What can be bound: a whole buffer or a range of one.
pub trait IntoBinding<'a> {
    /// The range.
    fn into_binding(self) -> wgpu::BufferBinding<'a>;
}

impl<'a> IntoBinding<'a> for &'a wgpu::Buffer {
    fn into_binding(self) -> wgpu::BufferBinding<'a> {
        self.as_entire_buffer_binding()
    }
}

impl<'a> IntoBinding<'a> for wgpu::BufferBinding<'a> {
    fn into_binding(self) -> Self {
        self
    }
}

impl<'a> Bindings<'a> {
    /// Input to read and output to write, of the types of elements that the pooling was prepared for.
    #[must_use]
    pub fn new(input: impl IntoBinding<'a>, output: impl IntoBinding<'a>) -> Self {
        Self::none().with(Slot::Input, input).with(Slot::Output, output)
    }

    fn none() -> Self {
        Self { ranges: Default::default(), source: None, target: None }
    }

    /// A texture to read, with usage `TEXTURE_BINDING`, and a buffer to write: for poolings prepared with
    /// [`Request::source`](crate::Request::source).
    #[must_use]
    pub fn from_texture(source: impl Into<TextureLevel<'a>>, output: impl IntoBinding<'a>) -> Self {
        Self { source: Some(source.into()), ..Self::none() }.with(Slot::Output, output)
    }

    /// A buffer to read and a texture to write, with usage `STORAGE_BINDING`: for poolings prepared with
    /// [`Request::target`](crate::Request::target).
    #[must_use]
    pub fn to_texture(input: impl IntoBinding<'a>, target: impl Into<TextureLevel<'a>>) -> Self {
        Self { target: Some(target.into()), ..Self::none() }.with(Slot::Input, input)
    }

    /// A texture to read and one to write: two textures, or two levels of one.
    #[must_use]
    pub fn textures(source: impl Into<TextureLevel<'a>>, target: impl Into<TextureLevel<'a>>) -> Self {
        Self { source: Some(source.into()), target: Some(target.into()), ..Self::none() }
    }

    /// For a pooler of [`Engine::prepare_grad`](crate::Engine::prepare_grad): the input that was pooled, the gradient of its output to read, and that of the input to write, both of
    /// [`Pooler::output_element`](crate::Pooler::output_element).
    #[must_use]
    pub fn grad(input: impl IntoBinding<'a>, grad_output: impl IntoBinding<'a>, grad_input: impl IntoBinding<'a>) -> Self {
        Self::new(input, grad_input).with(Slot::GradOutput, grad_output)
    }

    /// Where the gradient goes of what the op learns, f32, for a pooler prepared with
    /// [`Request::parameters`](crate::Request::parameters).
    #[must_use]
    pub fn grad_parameters(self, grad_parameters: impl IntoBinding<'a>) -> Self {
        self.with(Slot::GradParameters, grad_parameters)
    }

    /// Where the detection layer goes, f32, for a pooling prepared with [`Request::detection`](crate::Request::detection).
    #[must_use]
    pub fn detection(self, detection: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Detection, detection)
    }

    /// Where the indices go, one u32 an output, for a pooling prepared with [`Request::indices`](crate::Request::indices).
    #[must_use]
    pub fn indices(self, indices: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Indices, indices)
    }

    /// Lends scratch of at least [`Pooler::scratch_bytes`](crate::Pooler::scratch_bytes); without it [`Pooler::bind`](crate::Pooler::bind) makes what is needed.
    ///
    /// Its contents are overwritten at every run, and poolings that may run at the same time need one each.
    #[must_use]
    pub fn scratch(self, scratch: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Scratch, scratch)
    }

    /// The weights of [`Op::Weighted`](crate::Op::Weighted) without a preset and of [`Op::Gated`](crate::Op::Gated), f32,
    /// \[k…\] or \[C, k…\].
    #[must_use]
    pub fn weights(self, weights: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Weights, weights)
    }

    /// The boxes of [`Region::RoiPool`](crate::Region::RoiPool) and [`Region::RoiAlign`](crate::Region::RoiAlign): f32,
    /// `max_boxes` rows of batch, x1, y1, x2, y2.
    #[must_use]
    pub fn boxes(self, boxes: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Boxes, boxes)
    }

    /// How many of the boxes count at this run: one u32, which may change from frame to frame. The others give 0. Without it
    /// all count.
    #[must_use]
    pub fn box_count(self, box_count: impl IntoBinding<'a>) -> Self {
        self.with(Slot::BoxCount, box_count)
    }

    /// The labels of [`Region::Segments`](crate::Region::Segments), i32, \[N, in…\], from −1 for a position in no segment.
    #[must_use]
    pub fn labels(self, labels: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Labels, labels)
    }

    /// The mask of [`Region::Sequence`](crate::Region::Sequence), u32, \[B, T\], 1 for a token that counts and 0 for one that does not. Without
    /// it all count.
    #[must_use]
    pub fn mask(self, mask: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Labels, mask)
    }

    /// One u32 that tells whether what stood beside the input made sense, for data that the host has not seen: bit 0 is raised
    /// by a box that was refused, bit 1 by a label or mask that is none, bit 2 by an index outside the plane. It is never cleared here, so that one look can follow many runs.
    #[must_use]
    pub fn status(self, status: impl IntoBinding<'a>) -> Self {
        self.with(Slot::Status, status)
    }

    pub(crate) fn with(mut self, slot: Slot, range: impl IntoBinding<'a>) -> Self {
        self.ranges[slot as usize] = Some(range.into_binding());
        self
    }

    pub(crate) fn at(&self, slot: Slot) -> Option<&wgpu::BufferBinding<'a>> {
        self.ranges[slot as usize].as_ref()
    }
}

/// A range of a buffer that has been checked: where it begins and how much of it is used.
#[derive(Clone, Copy)]
pub(crate) struct Checked<'a> {
    pub(crate) slot: Slot,
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

impl Checked<'_> {
    /// Whether wgpu could not bind both in one dispatch.
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        let overlap = self.offset < other.offset + other.bytes && other.offset < self.offset + self.bytes;
        self.buffer == other.buffer && (self.slot.read_only() || other.slot.read_only() || overlap)
    }
}

pub(crate) fn check_range<'a>(
    slot: Slot,
    binding: &wgpu::BufferBinding<'a>,
    bytes: u64,
    device: &wgpu::Device,
) -> Result<Checked<'a>, Error> {
    let invalid = |expected: String, actual: String| Error::InvalidBinding { binding: slot.name(), expected, actual };
    let wgpu::BufferBinding { buffer, offset, size } = binding.clone();
    if !buffer.usage().contains(wgpu::BufferUsages::STORAGE) {
        return Err(invalid("a buffer with STORAGE usage".into(), format!("a buffer with {:?}", buffer.usage())));
    }
    let alignment = u64::from(device.limits().min_storage_buffer_offset_alignment);
    if offset % alignment != 0 {
        return Err(invalid(format!("at a multiple of {alignment} bytes"), format!("at byte {offset}")));
    }
    let rest = buffer.size().saturating_sub(offset);
    let available = size.map_or(rest, NonZeroU64::get);
    if available > rest {
        return Err(invalid(
            format!("a range within its buffer of {} bytes", buffer.size()),
            format!("{available} bytes from byte {offset}"),
        ));
    }
    if available < bytes {
        return Err(invalid(format!("at least {bytes} bytes"), format!("{available} bytes")));
    }
    Ok(Checked { slot, buffer, offset, bytes })
}

/// Refuses a binding that the pooling does not use.
pub(crate) fn given_for_nothing(slot: Slot, given: bool) -> Result<(), Error> {
    if !given {
        return Ok(());
    }
    let expected = match slot {
        Slot::Indices => "absent: this pooling was prepared without indices",
        _ => "absent: this pooling does not use it",
    };
    Err(Error::InvalidBinding { binding: slot.name(), expected: expected.into(), actual: "given".into() })
}
