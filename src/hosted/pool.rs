//! Pooling values on the host.

use bytemuck::Pod;

use super::check_bytes;
use crate::{
    Bindings, Element, Engine, Error, Kernel, Pooler, Pooling, Request, Shape, SideInputs, Value,
    geometry::Geometry,
    plan::{Part, Plan},
};

/// What [`Engine::pool`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled<T = f32> {
    /// The output's shape.
    pub shape: Shape,
    /// One value an output, as the shape stores them; of [`Engine::pool_bytes`], their bytes.
    pub values: Vec<T>,
    /// Where asked for: the place in its plane of the tap that each output took, `u32::MAX` where its region is empty.
    pub indices: Option<Vec<u32>>,
    /// Where asked for: the detection layer below a probabilistic max, shaped like the input.
    pub detection: Option<Vec<f32>>,
    /// The kernel that ran.
    pub kernel: Kernel,
}

impl<T> Pooled<T> {
    /// Puts the next part's outputs behind this one's.
    fn append(&mut self, part: Self) {
        self.values.extend(part.values);
        self.indices.iter_mut().for_each(|own| own.extend(part.indices.iter().flatten()));
        self.detection.iter_mut().for_each(|own| own.extend(part.detection.iter().flatten()));
    }
}

impl Engine {
    /// Pools values that are not on the device: uploads, pools, downloads, and waits.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let pooled = engine.pool(&Pooling::max([2, 2]), Shape::nchw([1, 1, 2, 4]), &[1., 2., 3., 4., 5., 6., 7., 8.], &Request::new())?;
    /// assert_eq!(pooled.values, [6., 8.]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), [`upload`](Self::upload) and [`download`](Self::download).
    pub fn pool(&self, pooling: &Pooling, shape: Shape, values: &[f32], request: &Request) -> Result<Pooled, Error> {
        self.pool_with(pooling, shape, values, request, &SideInputs::new())
    }

    /// [`pool`](Self::pool) with what the pooling reads beside its input.
    ///
    /// # Errors
    /// As [`pool`](Self::pool); [`Error::InvalidBinding`] for a side input that is missing, malformed or not used.
    pub fn pool_with(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled, Error> {
        self.pool_as(pooling, shape, values, request, sides)
    }

    /// [`pool_with`](Self::pool_with) without blocking.
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with).
    pub async fn pool_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[f32],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled, Error> {
        let request = request.element(Element::F32).output(Element::F32);
        self.pool_stored(pooling, shape, bytemuck::cast_slice(values), &request, sides).await
    }

    /// [`pool_with`](Self::pool_with) of any types: results are of the values' own type, or f32. The slices' types stand for what the request says
    /// of them.
    ///
    /// ```
    /// use plunge::{Engine, Pooling, Request, Shape, SideInputs};
    /// # fn main() -> Result<(), plunge::Error> {
    /// let engine = Engine::headless()?;
    /// let (shape, none) = (Shape::nhwc([1, 1, 4, 1]), SideInputs::new());
    /// let mean = Pooling::average([1, 2]);
    /// let rounded = engine.pool_as::<u8, u8>(&mean, shape, &[1, 2, 3, 4], &Request::new(), &none)?;
    /// assert_eq!(rounded.values, [2, 4]);
    /// let exact = engine.pool_as::<u8, f32>(&mean, shape, &[1, 2, 3, 4], &Request::new(), &none)?;
    /// assert_eq!(exact.values, [1.5, 3.5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with); [`Error::Unsupported`] for results of another type.
    pub fn pool_as<I: Value, O: Value>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        values: &[I],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let request = request.element(I::ELEMENT).output(O::ELEMENT);
        pollster::block_on(self.pool_stored(pooling, shape, bytemuck::cast_slice(values), &request, sides))
    }

    /// [`pool_with`](Self::pool_with) of elements whose type is known at run time, as their bytes: the request says what they are.
    ///
    /// # Errors
    /// As [`pool_with`](Self::pool_with).
    pub fn pool_bytes(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<u8>, Error> {
        pollster::block_on(self.pool_bytes_async(pooling, shape, bytes, request, sides))
    }

    /// [`pool_bytes`](Self::pool_bytes) without blocking.
    ///
    /// # Errors
    /// As [`pool_bytes`](Self::pool_bytes).
    pub async fn pool_bytes_async(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<u8>, Error> {
        self.pool_stored(pooling, shape, bytes, request, sides).await
    }

    /// Stored values in, stored values out, as `O` or as bytes.
    async fn pool_stored<O: Pod>(
        &self,
        pooling: &Pooling,
        shape: Shape,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let pooling = &*sides.resolve(pooling);
        sides.check(pooling, &Geometry::resolve(pooling, &shape)?)?;
        request.source.map_or(Ok(()), |source| self.check_source(source))?;
        let parts = Plan::parts(pooling, &shape, request, self.limits())?;
        check_bytes("input", shape, request.element, bytes)?;
        let mut all: Option<Pooled<O>> = None;
        for Part { plan, input } in parts {
            let pooler = self.compile_plan(plan).await?;
            let size = request.element.bytes();
            let part = self.pool_part(&pooler, &bytes[input.start * size..input.end * size], request, sides).await?;
            match &mut all {
                None => all = Some(part),
                Some(all) => all.append(part),
            }
        }
        // Nothing is divided into no parts.
        let all = all.ok_or_else(|| Error::Device("a pooling without parts".into()))?;
        Ok(Pooled { shape: pooling.output_shape(&shape)?, ..all })
    }

    /// Pools what fits buffers.
    async fn pool_part<O: Pod>(
        &self,
        pooler: &Pooler,
        bytes: &[u8],
        request: &Request,
        sides: &SideInputs<'_>,
    ) -> Result<Pooled<O>, Error> {
        let (input, shape) = (self.upload_bytes(bytes).await?, pooler.output_shape());
        let output = self.allocate_bytes(pooler.output_bytes()).await?;
        let indices = match request.indices {
            true => Some(self.allocate_async::<u32>(shape).await?),
            false => None,
        };
        let mut bindings = Bindings::new(&input, &output);
        if let Some(indices) = &indices {
            bindings = bindings.indices(indices.buffer());
        }
        let detection = match request.detection {
            true => Some(self.allocate_async::<f32>(pooler.plan().input).await?),
            false => None,
        };
        if let Some(detection) = &detection {
            bindings = bindings.detection(detection.buffer());
        }
        let beside = self.upload_sides(sides, pooler).await?;
        self.run(&pooler.bind_async(&beside.bind(bindings)).await?).await?;
        Ok(Pooled {
            shape,
            values: self.download_bytes(&output, shape.elements() * pooler.output_element().bytes()).await?,
            indices: match &indices {
                Some(indices) => Some(self.download_async(indices).await?),
                None => None,
            },
            detection: match &detection {
                Some(detection) => Some(self.download_async(detection).await?),
                None => None,
            },
            kernel: pooler.kernel(),
        })
    }
}
