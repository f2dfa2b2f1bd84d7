//! A workload on a device: its buffers, and a pooling prepared for it and bound to them.

use plunge::{Bindings, BoundPooling, Engine, Error, Kernel, Pooler, Request, Shape, Tensor, wgpu::ComputePass};
use plunge_workloads::{Data, Wanted, Workload};

use crate::Contestant;

/// The buffers of a workload, which all its kernels share.
#[derive(Debug)]
pub struct Buffers {
    input: Tensor,
    /// The gradient of the output, where that of the input is wanted.
    ahead: Option<Tensor>,
    output: Tensor,
    indices: Option<Tensor<u32>>,
    weights: Option<Tensor>,
    boxes: Option<Tensor>,
    labels: Option<Tensor<i32>>,
    mask: Option<Tensor<u32>>,
}

impl Buffers {
    /// Buffers with reals in them, and with what the workload reads beside them.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where the device cannot hold them.
    pub fn new(engine: &Engine, workload: &Workload) -> Result<Self, Error> {
        let output = workload.pooling.output_shape(&workload.shape)?;
        let reals = |shape: Shape, seed| engine.upload(shape, &Data::Reals.values(shape.elements(), seed));
        let back = workload.wanted == Wanted::Gradient;
        let sides = workload.sides();
        Ok(Self {
            input: reals(workload.shape, 0)?,
            ahead: back.then(|| reals(output, 1)).transpose()?,
            output: engine.allocate(if back { workload.shape } else { output })?,
            indices: (workload.wanted == Wanted::Indices).then(|| engine.allocate(output)).transpose()?,
            weights: line(engine, sides.weights.as_deref())?,
            boxes: line(engine, sides.boxes.map(|rows| rows.concat()).as_deref())?,
            labels: line(engine, sides.labels.as_deref())?,
            mask: line(engine, sides.mask.as_deref())?,
        })
    }

    fn bindings(&self) -> Bindings<'_> {
        let (input, output) = (self.input.buffer(), self.output.buffer());
        let mut bindings = match &self.ahead {
            Some(ahead) => Bindings::grad(input, ahead.buffer(), output),
            None => Bindings::new(input, output),
        };
        if let Some(indices) = &self.indices {
            bindings = bindings.indices(indices.buffer());
        }
        if let Some(weights) = &self.weights {
            bindings = bindings.weights(weights.buffer());
        }
        if let Some(boxes) = &self.boxes {
            bindings = bindings.boxes(boxes.buffer());
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

/// A tensor of one axis, where there are values.
fn line<T: bytemuck::Pod>(engine: &Engine, values: Option<&[T]>) -> Result<Option<Tensor<T>>, Error> {
    values.map(|values| engine.upload(Shape::nchw([1, 1, values.len()]), values)).transpose()
}

/// A workload prepared by one kernel and bound, ready to be timed.
#[derive(Debug)]
pub struct Prepared {
    pooler: Pooler,
    bound: BoundPooling,
}

impl Prepared {
    /// By the planner's choice, or by `kernel`.
    ///
    /// # Errors
    /// As [`Engine::prepare_with`]; a kernel that does not take the workload is [`Error::Unsupported`].
    pub fn new(engine: &Engine, workload: &Workload, kernel: Option<Kernel>, buffers: &Buffers) -> Result<Self, Error> {
        let request = request(workload, kernel);
        let pooler = match workload.wanted {
            Wanted::Gradient => engine.prepare_grad_with(&workload.pooling, workload.shape, &request)?,
            Wanted::Values | Wanted::Indices => engine.prepare_with(&workload.pooling, workload.shape, &request)?,
        };
        let bound = pooler.bind(&buffers.bindings())?;
        Ok(Self { pooler, bound })
    }

    /// The kernel that was chosen or forced; on the way back, that of the step that folds the regions anew.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.pooler.kernel()
    }

    /// The keys of all its steps in their order.
    #[must_use]
    pub fn key(&self) -> String {
        self.pooler.plan().keys().map(|key| key.to_string()).collect::<Vec<_>>().join(" + ")
    }

    /// The recording.
    #[must_use]
    pub fn bound(&self) -> &BoundPooling {
        &self.bound
    }
}

impl Contestant for Prepared {
    fn encode_pass(&self, pass: &mut ComputePass<'_>) {
        self.bound.encode_pass(pass);
    }
}

/// What is asked of the library for a workload.
pub(crate) fn request(workload: &Workload, kernel: Option<Kernel>) -> Request {
    let request = Request::new().indices(workload.wanted == Wanted::Indices);
    match kernel {
        Some(kernel) => request.kernel(kernel),
        None => request,
    }
}
