//! Receptive fields that are learned: from an over-complete set of rectangles, those whose averages tell handwritten digits apart are picked by sparse
//! weights (after Jia, Huang and Darrell 2012), trained by gradients that Plunge computes; then the one structure is applied to all digits, beside the fixed
//! grid of as many fields.
//!
//! ```text
//! cargo run --release --example learned_fields --features image
//! ```
//!
//! Prints a table and leaves `learned_fields.png`: the rectangles, one over the other, brighter where more of them lie.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an example speaks, and its numbers are small"
)]

use image::{GrayImage, Luma};
use plunge::{Engine, Error, Op, Pooling, Region, Request, RoiPool, Shape, SideInputs, Window};

/// A row a digit: its class, then 8 × 8 grey values from 0 to 16.
const DIGITS: &[u8] = include_bytes!("data/digits.bin");
const SIDE: usize = 8;
const CLASSES: usize = 10;
const TRAINING: usize = 1400;
/// Training digits that the rectangles are chosen by.
const CHOOSING: usize = 600;
/// The largest side of a rectangle.
const LONGEST: usize = 4;
const STEPS: usize = 100;
/// What keeps weights sparse: the price of a rectangle's weights, by their norm over the classes.
const PRICE: f32 = 0.04;

/// A rectangle of positions, both ends included.
#[derive(Debug, Clone, Copy)]
struct Field {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

/// Every rectangle's average in every digit, [N, rectangles]: one pooling for each size.
fn averages(engine: &Engine, digits: &[f32]) -> Result<(Vec<Field>, Vec<Vec<f32>>), Error> {
    let shape = Shape::nchw([digits.len() / (SIDE * SIDE), 1, SIDE, SIDE]);
    let mut fields = Vec::new();
    let mut rows = vec![Vec::new(); shape.batch()];
    for height in 1..=LONGEST {
        for width in 1..=LONGEST {
            let window = Window::new([height as u32, width as u32]);
            let pooled = engine.pool(&Pooling::new(Op::AVERAGE, window).stride(1), shape, digits, &Request::new())?;
            let [down, across] = [SIDE - height + 1, SIDE - width + 1];
            fields.extend((0..down * across).map(|at| Field { top: at / across, left: at % across, height, width }));
            rows.iter_mut().zip(pooled.values.chunks(down * across)).for_each(|(row, values)| row.extend_from_slice(values));
        }
    }
    Ok((fields, rows))
}

/// The averages of a few rectangles in every digit: boxes, all in one pooling.
fn structure(engine: &Engine, digits: &[f32], fields: &[Field]) -> Result<Vec<Vec<f32>>, Error> {
    let shape = Shape::nchw([digits.len() / (SIDE * SIDE), 1, SIDE, SIDE]);
    let boxes: Vec<[f32; 5]> = (0..shape.batch())
        .flat_map(|n| {
            let corner = |from: usize, size: usize| [from as f32, (from + size - 1) as f32];
            fields.iter().map(move |field| {
                let ([left, right], [top, bottom]) = (corner(field.left, field.width), corner(field.top, field.height));
                [n as f32, left, top, right, bottom]
            })
        })
        .collect();
    let pooling = Pooling::new(Op::AVERAGE, RoiPool::new(1, 1.0));
    let pooled = engine.pool_with(&pooling, shape, digits, &Request::new(), &SideInputs::new().boxes(&boxes))?;
    Ok(pooled.values.chunks(fields.len()).map(<[f32]>::to_vec).collect())
}

/// To mean 0 and spread 1 over the training digits.
fn standardise(rows: &mut [Vec<f32>]) {
    for at in 0..rows[0].len() {
        let mean = rows[..TRAINING].iter().map(|row| row[at]).sum::<f32>() / TRAINING as f32;
        let square = rows[..TRAINING].iter().map(|row| (row[at] - mean).powi(2)).sum::<f32>() / TRAINING as f32;
        rows.iter_mut().for_each(|row| row[at] = (row[at] - mean) / square.sqrt().max(1e-3));
    }
}

/// How probable each class is, and the step that the scores should take.
fn ahead(scores: &[f32], classes: &[usize]) -> (f32, Vec<f32>) {
    let mut loss = 0.0;
    let steps = scores.chunks(CLASSES).zip(classes).flat_map(|(scores, &class)| {
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let total: f32 = scores.iter().map(|score| (score - most).exp()).sum();
        loss += (total.ln() + most - scores[class]) / classes.len() as f32;
        let count = classes.len() as f32;
        (0..CLASSES)
            .map(|digit| ((scores[digit] - most).exp() / total - f32::from(u8::from(digit == class))) / count)
            .collect::<Vec<_>>()
    });
    let steps = steps.collect();
    (loss, steps)
}

/// The largest curvature of the loss: half the largest eigenvalue of the features' covariance, by power iteration.
fn curvature(rows: &[Vec<f32>]) -> f32 {
    let mut direction = vec![1.0f32; rows[0].len()];
    let mut size = 1.0;
    for _ in 0..30 {
        let mut next = vec![0.0f32; direction.len()];
        for row in rows {
            let along: f32 = row.iter().zip(&direction).map(|(x, d)| x * d).sum();
            next.iter_mut().zip(row).for_each(|(next, x)| *next += along * x / rows.len() as f32);
        }
        size = next.iter().map(|x| x * x).sum::<f32>().sqrt();
        direction = next.into_iter().map(|x| x / size).collect();
    }
    0.5 * size
}

/// Trains a linear classifier of all rectangles at a price for each, by proximal gradients with momentum (FISTA). A score is a weighted sum over a window
/// as wide as all features, one set of weights a class, so the gradient of the weights is that of a pooling.
fn sparse_weights(engine: &Engine, rows: &[Vec<f32>], classes: &[usize]) -> Result<Vec<f32>, Error> {
    let width = rows[0].len();
    // Every class reads the same features.
    let features: Vec<f32> = rows.iter().flat_map(|row| row.repeat(CLASSES)).collect();
    let shape = Shape::nchw([rows.len(), CLASSES, width]);
    let weighted = Op::Weighted { preset: None, per_channel: true, normalize: false };
    let pooling = Pooling::new(weighted, Window::new(width as u32));
    let rate = 1.0 / curvature(rows);
    let (mut weights, mut before, mut momentum) = (vec![0.0f32; CLASSES * width], vec![0.0f32; CLASSES * width], 1.0f32);
    for step in 0..STEPS {
        let next = (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) / 2.0;
        let share = (momentum - 1.0) / next;
        let at: Vec<f32> = weights.iter().zip(&before).map(|(now, before)| now + share * (now - before)).collect();
        let sides = SideInputs::new().weights(&at);
        let scores = engine.pool_with(&pooling, shape, &features, &Request::new(), &sides)?.values;
        let (loss, steps) = ahead(&scores, classes);
        let back = engine.grad(&pooling, shape, &features, &steps, &Request::new().parameters(true), &sides)?;
        before = std::mem::replace(&mut weights, at);
        for (weight, slope) in weights.iter_mut().zip(back.parameters.unwrap_or_default()) {
            *weight -= rate * slope;
        }
        for feature in 0..width {
            let norm = norm_of(&weights, feature, width);
            let kept = (1.0 - rate * PRICE / norm.max(1e-12)).max(0.0);
            (0..CLASSES).for_each(|class| weights[class * width + feature] *= kept);
        }
        momentum = next;
        if step % 20 == 19 {
            let left = (0..width).filter(|&feature| norm_of(&weights, feature, width) > 0.0).count();
            println!("after {:3} steps: loss {loss:.3}, {left} of {width} rectangles left", step + 1);
        }
    }
    Ok(weights)
}

/// The size of a rectangle's weights over the classes.
fn norm_of(weights: &[f32], feature: usize, width: usize) -> f32 {
    (0..CLASSES).map(|class| weights[class * width + feature].powi(2)).sum::<f32>().sqrt()
}

/// Share of the digits that it was not trained on that a linear classifier of these features gets right.
fn accuracy(rows: &[Vec<f32>], classes: &[usize]) -> f32 {
    let width = rows[0].len();
    let mut weights = vec![0.0f32; CLASSES * (width + 1)];
    let scores = |weights: &[f32], row: &[f32]| -> Vec<f32> {
        let sum = |own: &[f32]| own[..width].iter().zip(row).map(|(w, x)| w * x).sum::<f32>() + own[width];
        weights.chunks(width + 1).map(sum).collect()
    };
    for epoch in 0..100 {
        let rate = 0.03 / (1.0 + epoch as f32 / 20.0);
        for (row, class) in rows.iter().zip(classes).take(TRAINING) {
            let (_, steps) = ahead(&scores(&weights, row), std::slice::from_ref(class));
            for (own, step) in weights.chunks_mut(width + 1).zip(steps) {
                own[..width].iter_mut().zip(row).for_each(|(weight, x)| *weight -= rate * step * x);
                own[width] -= rate * step;
            }
        }
    }
    let best = |row: &[f32]| {
        let scores = scores(&weights, row);
        (0..CLASSES).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
    };
    let right = rows.iter().zip(classes).skip(TRAINING).filter(|(row, class)| best(row) == Some(**class)).count();
    right as f32 / (rows.len() - TRAINING) as f32
}

/// How many rectangles lie over each position, one picture a structure.
fn draw(path: &str, structures: &[Vec<Field>]) -> image::ImageResult<()> {
    const SCALE: usize = 16;
    let (width, height) = (structures.len() * (SIDE + 1) + 1, SIDE + 2);
    let mut picture = GrayImage::from_pixel((width * SCALE) as u32, (height * SCALE) as u32, Luma([64]));
    for (at, fields) in structures.iter().enumerate() {
        let over = |y: usize, x: usize| {
            let holds = |field: &&Field| {
                (field.top..field.top + field.height).contains(&y) && (field.left..field.left + field.width).contains(&x)
            };
            fields.iter().filter(holds).count()
        };
        let most = (0..SIDE * SIDE).map(|p| over(p / SIDE, p % SIDE)).max().unwrap_or(1).max(1);
        for pixel in 0..SIDE * SIDE * SCALE * SCALE {
            let (y, x) = (pixel / (SIDE * SCALE), pixel % (SIDE * SCALE));
            let grey = 255 * over(y / SCALE, x / SCALE) / most;
            let place = ((at * (SIDE + 1) + 1) * SCALE + x, SCALE + y);
            picture.put_pixel(place.0 as u32, place.1 as u32, Luma([grey as u8]));
        }
    }
    picture.save(path)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let classes: Vec<usize> = DIGITS.chunks(65).map(|row| row[0].into()).collect();
    let digits: Vec<f32> = DIGITS.chunks(65).flat_map(|row| row[1..].iter().map(|&grey| f32::from(grey) / 16.0)).collect();
    let engine = Engine::headless()?;
    println!("{} digits of {SIDE} × {SIDE} on {}", classes.len(), plunge::describe(&engine.adapter_info()));

    let (fields, mut rows) = averages(&engine, &digits)?;
    standardise(&mut rows);
    let weights = sparse_weights(&engine, &rows[..CHOOSING], &classes[..CHOOSING])?;
    let mut order: Vec<usize> = (0..fields.len()).collect();
    let size = |feature: usize| norm_of(&weights, feature, fields.len());
    order.sort_by(|a, b| size(*b).total_cmp(&size(*a)));

    println!("\nA linear classifier of averages is right, of {} digits that it never saw:", classes.len() - TRAINING);
    println!("  fields   fixed grid   learned fields");
    let mut structures = Vec::new();
    for side in [2, 3, 4] {
        // The bins of an adaptive grid.
        let bins = |o: usize| (o * SIDE / side, ((o + 1) * SIDE).div_ceil(side));
        let grid: Vec<Field> = (0..side * side)
            .map(|at| {
                let ((top, bottom), (left, right)) = (bins(at / side), bins(at % side));
                Field { top, left, height: bottom - top, width: right - left }
            })
            .collect();
        let learned: Vec<Field> = order[..side * side].iter().map(|&at| fields[at]).collect();
        let mut shares = Vec::new();
        for fields in [&grid, &learned] {
            let mut rows = structure(&engine, &digits, fields)?;
            standardise(&mut rows);
            shares.push(100.0 * accuracy(&rows, &classes));
        }
        println!("  {:6}   {:8.1} %   {:12.1} %", side * side, shares[0], shares[1]);
        structures.extend([grid, learned]);
    }
    let region: Region = RoiPool::new(1, 1.0).into();
    draw("learned_fields.png", &structures)?;
    println!(
        "\nlearned_fields.png: for each number of fields the grid and, beside it, what was learned; applied as boxes of {}",
        region.kind().name()
    );
    Ok(())
}
