//! Pooling, and its way back, without a pipeline of one's own: upload, run, download.

mod grad;
mod pool;
mod unpool;

use bytemuck::Pod;

pub use grad::Gradients;
pub use pool::Pooled;

use crate::{Bindings, BoundPooling, Element, Engine, Error, Pooler, Shape, SideInputs, Tensor, tensor::check_count};

/// What stands beside the input, copied to the device.
struct Beside {
    weights: Option<Tensor>,
    boxes: Option<Tensor>,
    box_count: Option<Tensor<u32>>,
    labels: Option<Tensor<i32>>,
    mask: Option<Tensor<u32>>,
}

impl Beside {
    fn bind<'a>(&'a self, mut bindings: Bindings<'a>) -> Bindings<'a> {
        if let Some(weights) = &self.weights {
            bindings = bindings.weights(weights.buffer());
        }
        if let (Some(boxes), Some(box_count)) = (&self.boxes, &self.box_count) {
            bindings = bindings.boxes(boxes.buffer()).box_count(box_count.buffer());
        }
        if let Some(labels) = &self.labels {
            bindings = bindings.labels(labels.buffer());
        }
        if let Some(mask) = &self.mask {
            bindings = bindings.mask(mask.buffer());
        }
        bindings
    }
}

impl Engine {
    /// Submits one run: in several submissions where it is estimated to be long, since what waits for the device waits for whole submissions.
    async fn run(&self, bound: &BoundPooling) -> Result<(), Error> {
        self.watched(|| {
            for run in bound.runs(self.limits().taps_per_dispatch()) {
                let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                {
                    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                    run.iter().for_each(|step| step.encode(&mut pass));
                }
                self.queue().submit([encoder.finish()]);
            }
        })
        .await
    }

    /// Copies what stands beside the input to the device.
    async fn upload_sides(&self, sides: &SideInputs<'_>, pooler: &Pooler) -> Result<Beside, Error> {
        let count = [u32::try_from(sides.boxes.map_or(0, <[_]>::len)).unwrap_or(u32::MAX)];
        let most = usize::try_from(pooler.plan().most_boxes()).unwrap_or(usize::MAX);
        let padded = sides.boxes.map(|boxes| {
            let mut rows = boxes.to_vec();
            rows.resize(most, [0.0; 5]);
            rows.concat()
        });
        Ok(Beside {
            weights: self.upload_side(sides.weights).await?,
            boxes: self.upload_side(padded.as_deref()).await?,
            box_count: self.upload_side(padded.is_some().then_some(&count[..])).await?,
            labels: self.upload_side(sides.labels).await?,
            mask: self.upload_side(sides.mask).await?,
        })
    }

    /// Copies a side input to the device, where there is one.
    async fn upload_side<T: Pod>(&self, values: Option<&[T]>) -> Result<Option<Tensor<T>>, Error> {
        match values {
            Some(values) => Ok(Some(self.upload_async(Shape::nchw([1, 1, values.len()]), values).await?)),
            None => Ok(None),
        }
    }
}

/// Refuses bytes that are not as many as the shape's elements have.
fn check_bytes(binding: &'static str, shape: Shape, element: Element, bytes: &[u8]) -> Result<(), Error> {
    // A slice has whole elements, so their number says it better.
    let whole = bytes.len().is_multiple_of(element.bytes());
    let (size, unit) = if whole { (element.bytes(), "elements") } else { (1, "bytes") };
    check_count(binding, shape, shape.elements().saturating_mul(element.bytes()) / size, bytes.len() / size, unit)
}
