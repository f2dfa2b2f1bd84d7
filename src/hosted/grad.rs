//! Gradients of values on the host.

use bytemuck::Pod;

use super::check_bytes;
use crate::{Bindings, Element, Engine, Error, Kernel, Pooling, Request, Shape, SideInputs, Value, geometry::Geometry};

/// What [`Engine::grad`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients<T = f32> {
    /// ∂L/∂input, shaped like the input; of [`Engine::grad_bytes`], its bytes.
    pub input: Vec<T>,
    /// Where asked for: ∂L/∂weights, shaped like the weights, or the one number ∂L/∂p of gem.
    pub parameters: Option<Vec<f32>>,
    /// The kernel that folded the regions anew.
    pub kernel: Kernel,
}

impl Engine {
    /// The gradient of a pooling of values that are not on the device, given that of its output: uploads, runs, downloads, and waits. With
    /// [`Request::parameters`], also that of what the op learns.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape, SideInputs};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let shape = Shape::nchw([1, 1, 4]);
    /// let grad = engine.grad(&Pooling::average([2]), shape, &[1., 5., 3., 2.], &[8., 6.], &Request::new(), &SideInputs::new())?;
    /// assert_eq!(grad.input, [4., 4., 3., 3.]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`prepare_grad`](Self::prepare_grad) and [`pool_with`](Self::pool_with); [`Error::InvalidBinding`] where `grad_output` has not the
    /// output's size.
    pub fn grad(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        grad_output: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients, Error> {
        self.grad_as(pooling, shape, values, grad_output, request, sides)
    }

    /// [`grad`](Self::grad) without blocking.
    ///
    /// # Errors
    /// As [`grad`](Self::grad).
    pub async fn grad_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        grad_output: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients, Error> {
        let [values, ahead] = [values, grad_output].map(bytemuck::cast_slice);
        self.grad_stored(pooling, shape, values, ahead, &request.element(Element::F32).output(Element::F32), sides).await
    }

    /// [`grad`](Self::grad) of any types: gradients are of the values' own type where that is a float type, or f32.
    ///
    /// # Errors
    /// As [`grad`](Self::grad); [`Error::Unsupported`] for gradients of another type.
    pub fn grad_as<I: Value, G: Value>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[I],
        grad_output: &[G],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<G>, Error> {
        let (values, ahead) = (bytemuck::cast_slice(values), bytemuck::cast_slice(grad_output));
        let request = request.element(I::ELEMENT).output(G::ELEMENT);
        pollster::block_on(self.grad_stored(pooling, shape, values, ahead, &request, sides))
    }

    /// [`grad`](Self::grad) of elements whose type is known at run time, as their bytes: the request says what they are.
    ///
    /// # Errors
    /// As [`grad`](Self::grad).
    pub fn grad_bytes(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        grad_output: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<u8>, Error> {
        pollster::block_on(self.grad_stored(pooling, shape, bytes, grad_output, request, sides))
    }

    /// Stored values and gradients in, stored gradients out, as `G` or as bytes.
    async fn grad_stored<G: Pod>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        grad_output: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Gradients<G>, Error> {
        let pooling = &*sides.resolve(pooling);
        let geometry = Geometry::resolve(pooling, &shape)?;
        sides.check(pooling, &geometry)?;
        let pooler = self.prepare_grad_async(pooling, shape, request).await?;
        let element = pooler.output_element();
        check_bytes("grad_output", geometry.output, element, grad_output)?;
        check_bytes("input", shape, request.element, bytes)?;
        let (input, ahead) = (self.upload_bytes(bytes).await?, self.upload_bytes(grad_output).await?);
        let back = self.allocate_bytes(pooler.output_bytes()).await?;
        let count = usize::try_from(pooler.grad_parameters_bytes() / 4).unwrap_or(usize::MAX);
        let learned = match count {
            0 => None,
            count => Some(self.allocate_async::<f32>(Shape::nchw([1, 1, count])).await?),
        };
        let mut bindings = Bindings::grad(&input, &ahead, &back);
        if let Some(learned) = &learned {
            bindings = bindings.grad_parameters(learned.buffer());
        }
        let beside = self.upload_sides(sides, &pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Gradients {
            input: self.download_bytes(&back, shape.elements() * element.bytes()).await?,
            parameters: match &learned {
                Some(learned) => Some(self.download_async(learned).await?),
                None => None,
            },
            kernel: pooler.kernel(),
        })
    }
}
