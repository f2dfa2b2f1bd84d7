//! SPIR-V with the freedoms that WGSL gives made use of, in f32 and its vectors. What GPUs do now and then is done everywhere:
//!
//! - a product and a sum are rounded once;
//! - a quotient a / b is a · (1/b), where 1/b is off by an ulp, up or down by turns, unless b is a power of two, and 0 once it is below the normal range: WGSL
//!   bounds the error of quotients by 2.5 ulp, for |b| from 2⁻¹²⁶ to 2¹²⁶;
//! - roots, exponentials, logarithms and powers are off by two ulp;
//! - x − x is 0, and comparisons with NaN are true: WGSL lets compilers take it that there are no infinities and no NaN. (They could take x · 0 for 0 as well, but
//!   only where they know that it is 0; here it would be 0 wherever a weight is, and infinities that weigh nothing are NaN in every system.)

use std::collections::HashMap;

use rspirv::{
    binary::{Assemble as _, ParseState},
    dr::{Instruction, Module, Operand, load_words},
    spirv::{GlslStd450Op, Op, Word},
};

/// A module, rewritten.
#[derive(Debug)]
pub struct Loose {
    /// The module.
    pub words: Vec<Word>,
    /// Instructions that were rewritten.
    pub rewritten: usize,
}

/// Rewrites a module.
///
/// # Errors
/// Where the words are no SPIR-V.
pub fn loosened(words: &[Word]) -> Result<Loose, ParseState> {
    let mut module = load_words(words)?;
    let Some(float) = find(&module, Op::TypeFloat, &[Operand::LiteralBit32(32)]) else {
        return Ok(Loose { words: words.to_vec(), rewritten: 0 });
    };
    let mut rewriter = Rewriter::new(&module, float);
    for block in module.functions.iter_mut().flat_map(|function| &mut function.blocks) {
        for instruction in std::mem::take(&mut block.instructions) {
            rewriter.rewrite(instruction);
        }
        block.instructions = std::mem::take(&mut rewriter.code);
    }
    let Rewriter { bound, declared, rewritten, .. } = rewriter;
    module.types_global_values.extend(declared);
    module.capabilities.push(Instruction::new(
        Op::Capability,
        None,
        None,
        vec![Operand::Capability(rspirv::spirv::Capability::Float64)],
    ));
    if let Some(header) = &mut module.header {
        header.bound = bound;
    }
    Ok(Loose { words: module.assemble(), rewritten })
}

/// The module's type of this kind.
fn find(module: &Module, op: Op, operands: &[Operand]) -> Option<Word> {
    module.types_global_values.iter().find(|ty| ty.class.opcode == op && ty.operands == operands)?.result_id
}

/// What f32, or a vector of it, is rewritten with.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Itself, and the same of f64, of u32 and of bool.
    types: [Word; 4],
    /// Constants: 0, 1, the smallest normal number, and factors of one ulp and of two more and less.
    zero: Word,
    one: Word,
    normal: Word,
    minus_normal: Word,
    above: Word,
    below: Word,
    more: Word,
    less: Word,
    /// Of u32: the bits of the digits behind a float's first, and none.
    digits: Word,
    no_digits: Word,
    lanes: usize,
}

struct Rewriter {
    bound: Word,
    /// Types and constants that come to the module's.
    declared: Vec<Instruction>,
    /// The block under way.
    code: Vec<Instruction>,
    /// f32 first, then its vectors.
    shapes: Vec<Shape>,
    /// Factors of the products so far.
    products: HashMap<Word, [Word; 2]>,
    rewritten: usize,
}

impl Rewriter {
    fn new(module: &Module, float: Word) -> Self {
        let bound = module.header.as_ref().map_or(0, |header| header.bound);
        let mut new =
            Self { bound, declared: Vec::new(), code: Vec::new(), shapes: Vec::new(), products: HashMap::new(), rewritten: 0 };
        let wide = new.ty(module, Op::TypeFloat, vec![Operand::LiteralBit32(64)]);
        let whole = new.ty(module, Op::TypeInt, vec![Operand::LiteralBit32(32), Operand::LiteralBit32(0)]);
        let truth = new.ty(module, Op::TypeBool, vec![]);
        let mut constant = |ty, bits| new.declare(Op::Constant, Some(ty), vec![Operand::LiteralBit32(bits)]);
        let mut real = |value: f32| constant(float, value.to_bits());
        let scalar = Shape {
            types: [float, wide, whole, truth],
            zero: real(0.0),
            one: real(1.0),
            normal: real(f32::MIN_POSITIVE),
            minus_normal: real(-f32::MIN_POSITIVE),
            above: real(1.0 + f32::EPSILON),
            below: real(1.0 - f32::EPSILON),
            more: real(1.0 + 2.0 * f32::EPSILON),
            less: real(1.0 - 2.0 * f32::EPSILON),
            digits: constant(whole, 0x007f_ffff),
            no_digits: constant(whole, 0),
            lanes: 1,
        };
        new.shapes.push(scalar);
        for lanes in [2, 3, 4] {
            let vector = |part: Word| vec![Operand::IdRef(part), Operand::LiteralBit32(lanes)];
            if find(module, Op::TypeVector, &vector(float)).is_none() {
                continue;
            }
            let types = scalar.types.map(|part| new.ty(module, Op::TypeVector, vector(part)));
            let lanes = lanes as usize;
            let mut all_of = |ty, part| new.declare(Op::ConstantComposite, Some(ty), vec![Operand::IdRef(part); lanes]);
            let [ty, _, whole, _] = types;
            let [digits, no_digits] = [scalar.digits, scalar.no_digits].map(|part| all_of(whole, part));
            let mut all = |part| all_of(ty, part);
            let vector = Shape {
                types,
                zero: all(scalar.zero),
                one: all(scalar.one),
                normal: all(scalar.normal),
                minus_normal: all(scalar.minus_normal),
                above: all(scalar.above),
                below: all(scalar.below),
                more: all(scalar.more),
                less: all(scalar.less),
                digits,
                no_digits,
                lanes,
            };
            new.shapes.push(vector);
        }
        new
    }

    /// A type, the module's where it has it.
    fn ty(&mut self, module: &Module, op: Op, operands: Vec<Operand>) -> Word {
        find(module, op, &operands).unwrap_or_else(|| self.declare(op, None, operands))
    }

    fn id(&mut self) -> Word {
        self.bound += 1;
        self.bound - 1
    }

    fn declare(&mut self, op: Op, ty: Option<Word>, operands: Vec<Operand>) -> Word {
        let id = self.id();
        self.declared.push(Instruction::new(op, ty, Some(id), operands));
        id
    }

    fn put_as(&mut self, id: Word, op: Op, ty: Word, operands: &[Word]) {
        let operands = operands.iter().map(|&id| Operand::IdRef(id)).collect();
        self.code.push(Instruction::new(op, Some(ty), Some(id), operands));
    }

    fn put(&mut self, op: Op, ty: Word, operands: &[Word]) -> Word {
        let id = self.id();
        self.put_as(id, op, ty, operands);
        id
    }

    fn rewrite(&mut self, mut instruction: Instruction) {
        let op = instruction.class.opcode;
        if let Some(unordered) = unordered(op) {
            let operands = instruction.operands;
            self.code.push(Instruction::new(unordered, instruction.result_type, instruction.result_id, operands));
            self.rewritten += 1;
            return;
        }
        let shape = self.shapes.iter().copied().find(|shape| Some(shape.types[0]) == instruction.result_type);
        let (Some(shape), Some(id)) = (shape, instruction.result_id) else {
            self.code.push(instruction);
            return;
        };
        let pair = match instruction.operands[..] {
            [Operand::IdRef(a), Operand::IdRef(b)] => [a, b],
            _ => [0; 2],
        };
        let [a, b] = pair;
        let [ty, _, whole, truth] = shape.types;
        match op {
            Op::FAdd | Op::FSub if pair.iter().any(|side| self.products.contains_key(side)) => self.fuse(id, op, &shape, pair),
            Op::FSub => {
                let plain = self.put(op, ty, &pair);
                let same = self.put(Op::FOrdEqual, truth, &pair);
                self.put_as(id, Op::Select, ty, &[same, shape.zero, plain]);
            }
            Op::FMul => {
                self.products.insert(id, pair);
                self.code.push(instruction);
                return;
            }
            Op::VectorTimesScalar => {
                let factor = self.put(Op::CompositeConstruct, ty, &vec![b; shape.lanes]);
                self.products.insert(id, [a, factor]);
                self.put_as(id, Op::FMul, ty, &[a, factor]);
            }
            Op::FDiv => {
                let inverse = self.put(Op::FDiv, ty, &[shape.one, b]);
                let below = self.put(Op::FOrdLessThan, truth, &[inverse, shape.normal]);
                let above = self.put(Op::FOrdGreaterThan, truth, &[inverse, shape.minus_normal]);
                let subnormal = self.put(Op::LogicalAnd, truth, &[below, above]);
                let factor = if id.is_multiple_of(2) { shape.above } else { shape.below };
                let off = self.put(Op::FMul, ty, &[inverse, factor]);
                let bits = self.put(Op::Bitcast, whole, &[b]);
                let digits = self.put(Op::BitwiseAnd, whole, &[bits, shape.digits]);
                let power = self.put(Op::IEqual, truth, &[digits, shape.no_digits]);
                let inverse = self.put(Op::Select, ty, &[power, inverse, off]);
                let inverse = self.put(Op::Select, ty, &[subnormal, shape.zero, inverse]);
                self.put_as(id, Op::FMul, ty, &[a, inverse]);
            }
            Op::ExtInst if is_rough(&instruction) => {
                let exact = self.id();
                instruction.result_id = Some(exact);
                self.code.push(instruction);
                self.shift(id, &shape, exact);
            }
            _ => {
                self.code.push(instruction);
                return;
            }
        }
        self.rewritten += 1;
    }

    /// The sum or difference of a product and another value, rounded once: f64 holds a product of f32s as it is.
    fn fuse(&mut self, id: Word, op: Op, shape: &Shape, sides: [Word; 2]) {
        let [ty, wide, ..] = shape.types;
        let widen = |this: &mut Self, value: Word| this.put(Op::FConvert, wide, &[value]);
        let fused = sides.iter().position(|side| self.products.contains_key(side));
        let mut terms = [0; 2];
        for (at, side) in sides.into_iter().enumerate() {
            terms[at] = match self.products.get(&side) {
                Some(&factors) if fused == Some(at) => {
                    let factors = factors.map(|factor| widen(self, factor));
                    self.put(Op::FMul, wide, &factors)
                }
                _ => widen(self, side),
            };
        }
        let sum = self.put(op, wide, &terms);
        self.put_as(id, Op::FConvert, ty, &[sum]);
    }

    /// A result that is off by two ulp, up or down by turns.
    fn shift(&mut self, id: Word, shape: &Shape, exact: Word) {
        let factor = if id.is_multiple_of(2) { shape.more } else { shape.less };
        self.put_as(id, Op::FMul, shape.types[0], &[exact, factor]);
    }
}

/// The comparison that is true of NaN as well.
const fn unordered(op: Op) -> Option<Op> {
    Some(match op {
        Op::FOrdEqual => Op::FUnordEqual,
        Op::FOrdNotEqual => Op::FUnordNotEqual,
        Op::FOrdLessThan => Op::FUnordLessThan,
        Op::FOrdGreaterThan => Op::FUnordGreaterThan,
        Op::FOrdLessThanEqual => Op::FUnordLessThanEqual,
        Op::FOrdGreaterThanEqual => Op::FUnordGreaterThanEqual,
        _ => return None,
    })
}

/// Whether this is a function that WGSL lets be off by some ulp.
fn is_rough(call: &Instruction) -> bool {
    const ROUGH: [GlslStd450Op; 8] = [
        GlslStd450Op::Exp,
        GlslStd450Op::Exp2,
        GlslStd450Op::Log,
        GlslStd450Op::Log2,
        GlslStd450Op::Pow,
        GlslStd450Op::Sqrt,
        GlslStd450Op::InverseSqrt,
        GlslStd450Op::Tanh,
    ];
    matches!(call.operands.get(1), Some(Operand::LiteralExtInstInteger(function)) if ROUGH.iter().any(|rough| *rough as Word == *function))
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// SPIR-V of a kernel that stores one expression of `a`, `b` and `c`, made by the compiler that wgpu has.
    fn compiled(ty: &str, expression: &str) -> Vec<Word> {
        let text = format!(
            "@group(0) @binding(0) var<storage, read_write> values: array<{ty}>;
            @compute @workgroup_size(1) fn main() {{ let a = values[0]; let b = values[1]; let c = values[2]; values[3] = {expression}; }}"
        );
        let module = naga::front::wgsl::parse_str(&text).expect("WGSL");
        let mut validator =
            naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
        let info = validator.validate(&module).expect("valid");
        naga::back::spv::write_vec(&module, &info, &naga::back::spv::Options::default(), None).expect("SPIR-V")
    }

    /// The operations of a module's code.
    fn operations(words: &[Word]) -> Vec<Op> {
        let module = load_words(words).expect("SPIR-V");
        module.all_inst_iter().map(|instruction| instruction.class.opcode).collect()
    }

    #[test]
    fn arithmetic_of_floats_is_rewritten_and_no_other() {
        for (expression, rewritten, has) in [
            ("a * b + c", 1, Op::FConvert),
            ("c - a * b", 1, Op::FConvert),
            ("a - b", 1, Op::FOrdEqual),
            ("a * b", 0, Op::FMul),
            ("a / b", 1, Op::FOrdLessThan),
            ("exp(a)", 1, Op::FMul),
            ("select(a, b, a < b)", 1, Op::FUnordLessThan),
            ("a + b", 0, Op::FAdd),
            ("min(a, b)", 0, Op::ExtInst),
        ] {
            for ty in ["f32", "vec4<f32>"] {
                let before = compiled(ty, expression);
                let loose = loosened(&before).expect("SPIR-V");
                assert_eq!(loose.rewritten, rewritten, "{expression} of {ty}");
                assert!(operations(&loose.words).contains(&has), "{expression} of {ty} has no {has:?}");
                assert!(rewritten == 0 || operations(&before).len() < operations(&loose.words).len());
            }
        }
        let whole = compiled("u32", "a * b + c / (a - b)");
        assert_eq!(loosened(&whole).expect("SPIR-V").words, whole);
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(loosened(&[1, 2, 3]).is_err() && loosened(&[]).is_err());
    }
}
