//! Any spec, shape, request and limits: planned or refused, and what is planned keeps within the limits.

use arbitrary::{Result, Unstructured};
use plunge::{
    Error, PerAxis, Pooling, Region, Request, Shape,
    plan::{Limits, Plan},
    reference,
};
use plunge_workloads::Sides;

use crate::draw::{self, Range};

/// Outputs and taps beyond which the reference is not asked.
const SMALL: u64 = 1 << 14;

/// Specs as JSON, where the bytes begin with a brace, or of any numbers.
///
/// # Panics
/// Where something does not hold.
pub fn spec(data: &[u8]) -> bool {
    if data.starts_with(b"{") {
        let Ok(pooling) = plunge_cli::spec::read(data) else { return false };
        let mut taken = false;
        for shape in [Shape::nchw([1, 4, 7]), Shape::nchw([2, 6, 9, 12]), Shape::nchw([1, 3, 5, 4, 6])] {
            taken |= check(&pooling, &shape, &Request::new(), &Limits::WEBGPU);
            taken |= check(&pooling, &shape, &Request::new().indices(true), &Limits::WEBGPU);
        }
        return taken;
    }
    // Bytes that end too soon leave nothing to try.
    drawn(&mut Unstructured::new(data)).unwrap_or(false)
}

fn drawn(u: &mut Unstructured<'_>) -> Result<bool> {
    let axes = u.int_in_range(1..=3)?;
    let (pooling, shape) = (draw::pooling(u, axes, Range::Any)?, draw::shape(u, axes, Range::Any)?);
    let (request, limits) = (draw::request(u)?, draw::limits(u)?);
    let taken = check(&pooling, &shape, &request, &limits);
    unpool(&pooling, &shape, &draw::shape(u, axes, Range::Any)?, &request, &limits);
    Ok(taken)
}

/// Whether it can be planned forward.
fn check(pooling: &Pooling, shape: &Shape, request: &Request, limits: &Limits) -> bool {
    if let Ok(json) = serde_json::to_string(pooling) {
        // What JSON cannot hold is null there, and refused.
        if let Ok(again) = plunge_cli::spec::read(json.as_bytes()) {
            assert_eq!(serde_json::to_string(&again).expect("it was read"), json);
        }
    }
    let output = pooling.output_shape(shape);
    let plans = [Plan::new(pooling, shape, request, limits), Plan::grad(pooling, shape, request, limits)];
    for plan in &plans {
        match (plan, &output) {
            (Ok(plan), Ok(_)) => within(plan, limits),
            (Ok(_), Err(refusal)) => panic!("{pooling:?} on {shape} is refused, {refusal}, and planned"),
            (Err(error), _) => typed(error),
        }
    }
    let Ok(output) = output else { return false };
    let taps = pooling.most_taps(shape).expect("a size was found").max(1);
    let [inputs, outputs] = [shape, &output].map(elements);
    let work = outputs.saturating_mul(taps);
    // A kernel may be larger than what it covers.
    let weights = match &pooling.region {
        Region::Window(window) => match &window.kernel_size {
            PerAxis::All(size) => u64::from(*size).saturating_pow(3),
            PerAxis::Each(sizes) => sizes.iter().fold(1, |all: u64, &size| all.saturating_mul(size.into())),
        },
        _ => 0,
    };
    if (1..=SMALL).contains(&inputs) && outputs <= SMALL && work <= SMALL && weights <= SMALL {
        let values: Vec<f32> = (0..inputs).map(|at| ((at * 2_654_435_761) % 1000) as f32 * 0.01 - 5.0).collect();
        let sides = Sides::for_pooling(pooling, shape, 1);
        match reference::pool_with(pooling, shape, &values, &sides.borrow()) {
            Ok(answer) => assert_eq!((answer.shape, answer.values.len()), (output, output.elements())),
            Err(error) => typed(&error),
        }
    }
    plans[0].is_ok()
}

fn unpool(pooling: &Pooling, pooled: &Shape, restored: &Shape, request: &Request, limits: &Limits) {
    match pooling.unpooled_shape(pooled, Some(restored.spatial())) {
        Ok(restored) => match Plan::unpool(pooling, pooled, &restored, request, limits) {
            Ok(plan) => within(&plan, limits),
            Err(error) => typed(&error),
        },
        Err(error) => typed(&error),
    }
    if let Err(error) = pooling.unpooled_shape(pooled, None) {
        typed(&error);
    }
    match Plan::unpool(pooling, pooled, restored, request, limits) {
        Ok(plan) => within(&plan, limits),
        Err(error) => typed(&error),
    }
}

/// What a plan dispatches and holds, a device with these limits can.
fn within(plan: &Plan, limits: &Limits) {
    for grid in plan.workgroups() {
        assert!(grid.iter().all(|&side| side <= limits.workgroups_per_dimension), "{grid:?} workgroups by {limits:?}");
        assert!(!grid.contains(&0), "a dispatch of nothing: {grid:?}");
    }
    if plan.keys().len() > 0 {
        assert!(plan.scratch_bytes() <= limits.binding_bytes, "{} bytes of scratch by {limits:?}", plan.scratch_bytes());
    }
}

/// What is refused is refused by name, and says what is possible.
fn typed(error: &Error) {
    assert!(error.is_invalid() || error.is_unsupported(), "{error:?}");
    assert!(!error.to_string().is_empty());
}

fn elements(shape: &Shape) -> u64 {
    shape.sizes().iter().fold(1, |product: u64, &size| product.saturating_mul(size as u64))
}
