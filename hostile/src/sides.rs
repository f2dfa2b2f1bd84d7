//! Any boxes, labels, masks, weights and indices: used, or refused by name before anything is read by them.

use arbitrary::{Result, Unstructured};
use plunge::{Error, IndexConvention, Op, Pooling, Region, Shape, Window, reference};
use plunge_workloads::Sides;

use crate::draw::{self, Range};

/// What stands beside the input, on the host: the reference takes it, or says what is wrong with it.
///
/// # Panics
/// Where something does not hold.
pub fn sides(data: &[u8]) -> bool {
    let u = &mut Unstructured::new(data);
    let tried = if u.arbitrary().unwrap_or(false) { indices(u) } else { beside(u) };
    // Bytes that end too soon leave nothing to try.
    tried.unwrap_or(false)
}

fn beside(u: &mut Unstructured<'_>) -> Result<bool> {
    let pooling = taking_sides(u)?;
    let shape = small(u, &pooling)?;
    let beside = hostile(u, &pooling, &shape)?;
    let values = draw::values(u, shape.elements(), true)?;
    let resolved = beside.borrow().resolve(&pooling).into_owned();
    match reference::pool_with(&pooling, &shape, &values, &beside.borrow()) {
        Ok(answer) => {
            assert_eq!(Ok(answer.shape), resolved.output_shape(&shape));
            assert_eq!(answer.values.len(), answer.shape.elements());
            Ok(true)
        }
        Err(error) => {
            refused(&error);
            Ok(false)
        }
    }
}

/// Places of every convention there and back, and values put where they say.
fn indices(u: &mut Unstructured<'_>) -> Result<bool> {
    let pooling = Pooling::new(Op::Max, Window::new(u.int_in_range(1..=4u32)?));
    let pooled = draw::shape(u, 2, Range::Small)?;
    let restored = match pooling.unpooled_shape(&pooled, None) {
        Ok(restored) if restored.elements() <= 1 << 14 => restored,
        _ => return Ok(false),
    };
    let plane: usize = restored.spatial().iter().product();
    let given: Vec<i64> = (0..pooled.elements()).map(|_| index(u, plane)).collect::<Result<_>>()?;
    let fits = given.iter().all(|&index| usize::try_from(index).is_ok_and(|index| index < plane));
    let values = vec![1.0; pooled.elements()];
    match reference::unpool(&pooling, &pooled, &restored, &values, Some(&given)) {
        Ok(answer) => assert!(fits && answer.len() == restored.elements()),
        Err(error) => {
            refused(&error);
            assert!(!fits, "{error}");
        }
    }
    for convention in [
        IndexConvention::PerPlane,
        IndexConvention::OnnxRowMajor,
        IndexConvention::OnnxColumnMajor,
        IndexConvention::Tensorflow,
    ] {
        let number = u.int_in_range(0..=restored.batch() * restored.channels() - 1)?;
        for &index in &given {
            match convention.decode(&restored, number, index) {
                Ok(position) => {
                    assert!((position as usize) < plane, "{convention:?} {index} in {restored}");
                    // TensorFlow's says nothing of the batch.
                    assert_eq!(convention.encode(&restored, number, position), index, "{convention:?} in {restored}");
                }
                Err(error) => refused(&error),
            }
        }
    }
    Ok(fits)
}

/// An index of the plane, or of none.
pub(crate) fn index(u: &mut Unstructured<'_>, plane: usize) -> Result<i64> {
    Ok(match u.int_in_range(0..=15)? {
        0 => *u.choose(&[-1, i64::MIN, i64::MAX, 1 << 31, 1 << 32, (1 << 32) + 1, u32::MAX.into()])?,
        1 => plane as i64,
        2 => u.arbitrary()?,
        _ => u.int_in_range(0..=plane.saturating_sub(1))? as i64,
    })
}

/// A pooling that reads something beside its input.
pub(crate) fn taking_sides(u: &mut Unstructured<'_>) -> Result<Pooling> {
    loop {
        let mut pooling = draw::pooling(u, 2, Range::Small)?;
        match &pooling.region {
            Region::RoiPool(_) | Region::RoiAlign(_) | Region::Segments { .. } | Region::Sequence => return Ok(pooling),
            Region::Window(_) if matches!(pooling.op, Op::Gated { .. } | Op::Weighted { preset: None, .. }) => {
                return Ok(pooling);
            }
            // Bytes that have ended draw the same for ever.
            _ if u.is_empty() => {
                pooling.region = Region::Segments { count: Some(3), empty: 0.0 };
                return Ok(pooling);
            }
            _ => {}
        }
    }
}

/// A small shape that such a pooling takes.
pub(crate) fn small(u: &mut Unstructured<'_>, pooling: &Pooling) -> Result<Shape> {
    draw::shape(u, if matches!(pooling.region, Region::Sequence) { 1 } else { 2 }, Range::Small)
}

/// What `pooling` needs, with values that make sense, and no more boxes than it takes.
pub(crate) fn sensible(pooling: &Pooling, shape: &Shape, seed: u64) -> Sides {
    let mut sides = Sides::for_pooling(pooling, shape, seed);
    let most = match &pooling.region {
        Region::RoiPool(boxes) => boxes.max_boxes,
        Region::RoiAlign(boxes) => boxes.max_boxes,
        _ => None,
    };
    if let (Some(boxes), Some(most)) = (&mut sides.boxes, most) {
        boxes.truncate(most as usize);
    }
    sides
}

/// What `pooling` needs, with values that may make no sense, and now and then of the wrong size, or something that it does not need.
fn hostile(u: &mut Unstructured<'_>, pooling: &Pooling, shape: &Shape) -> Result<Sides> {
    let mut sides = Sides::for_pooling(pooling, shape, u.arbitrary()?);
    if let Some(boxes) = &mut sides.boxes {
        for row in boxes.iter_mut() {
            spoil_box(u, row)?;
        }
        if u.ratio(1, 8)? {
            boxes.extend([[0.0; 5]; 9]);
        }
    }
    if let Some(labels) = &mut sides.labels {
        for label in labels.iter_mut() {
            if u.ratio(1, 16)? {
                *label = spoiled_label(u)?;
            }
        }
        if u.ratio(1, 8)? {
            labels.pop();
        }
    }
    if let Some(mask) = &mut sides.mask {
        for bit in mask.iter_mut() {
            if u.ratio(1, 16)? {
                *bit = u.arbitrary()?;
            }
        }
        if u.ratio(1, 8)? {
            mask.push(1);
        }
    }
    if let Some(weights) = &mut sides.weights {
        for weight in weights.iter_mut() {
            if u.ratio(1, 8)? {
                *weight = u.arbitrary()?;
            }
        }
        if u.ratio(1, 8)? {
            weights.truncate(u.int_in_range(0..=2)?);
        }
    }
    if u.ratio(1, 16)? {
        sides.labels = Some(vec![0; u.int_in_range(0..=4)?]);
    }
    Ok(sides)
}

/// Puts a number into a box that may make no sense.
pub(crate) fn spoil_box(u: &mut Unstructured<'_>, row: &mut [f32; 5]) -> Result<()> {
    if u.ratio(1, 4)? {
        let all = [-1.0, 0.5, f32::NAN, f32::INFINITY, -1e30, 4_194_304.5, 60.0, u.arbitrary()?];
        row[u.int_in_range(0..=4)?] = *u.choose(&all)?;
    }
    Ok(())
}

pub(crate) fn spoiled_label(u: &mut Unstructured<'_>) -> Result<i32> {
    let any = u.arbitrary::<i32>()? >> 16;
    Ok(*u.choose(&[-1, -2, 6, 7, i32::MIN, i32::MAX, any])?)
}

fn refused(error: &Error) {
    assert!(error.is_invalid() || error.is_unsupported(), "{error:?}");
}
