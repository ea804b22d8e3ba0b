//! Simple conditions without the CEL interpreter: comparisons of facts with constants and parameters, and/or/not.
//! Must agree with CEL on every input; a property test compares the two.
use crate::facts::{Fact, Value, View};
use crate::parameter::Setting;
use kernel::CivilDate;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum IntTerm {
    Fact(Fact),
    Constant(i64),
    Parameter(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum DateTerm {
    Fact(Fact),
    Constant(CivilDate),
}

#[derive(Clone, Debug)]
pub(crate) enum Native {
    Constant(bool),
    Fact(Fact),
    Parameter(usize),
    Not(Box<Native>),
    And(Box<Native>, Box<Native>),
    Or(Box<Native>, Box<Native>),
    Int(Op, IntTerm, IntTerm),
    Date(Op, DateTerm, DateTerm),
    /// The fact's code is among the set bits.
    OneOf(Fact, u32),
    /// The fact's set holds this code.
    Holds(Fact, u32),
    /// The region code starts with these digits.
    Prefix(Fact, Box<str>),
}

impl Native {
    /// The truth of a condition all of whose facts are known.
    pub fn eval(&self, view: &View, settings: &[Setting]) -> bool {
        match self {
            Native::Constant(b) => *b,
            Native::Fact(fact) => view.get(*fact) == Value::Bool(true),
            Native::Parameter(i) => settings[*i] == Setting::Bool(true),
            Native::Not(inner) => !inner.eval(view, settings),
            Native::And(a, b) => a.eval(view, settings) && b.eval(view, settings),
            Native::Or(a, b) => a.eval(view, settings) || b.eval(view, settings),
            Native::Int(op, a, b) => op.holds(int(*a, view, settings).cmp(&int(*b, view, settings))),
            Native::Date(op, a, b) => op.holds(date(*a, view).cmp(&date(*b, view))),
            Native::OneOf(fact, mask) => matches!(view.get(*fact), Value::Code(c) if mask >> c & 1 == 1),
            Native::Holds(fact, mask) => matches!(view.get(*fact), Value::Set(s) if s & mask != 0),
            Native::Prefix(fact, digits) => {
                matches!(view.get(*fact), Value::Region(r) if r.as_str().starts_with(&**digits))
            }
        }
    }
}

fn int(term: IntTerm, view: &View, settings: &[Setting]) -> i64 {
    match term {
        IntTerm::Constant(n) => n,
        IntTerm::Fact(fact) => match view.get(fact) {
            Value::Int(n) => n,
            _ => 0,
        },
        IntTerm::Parameter(i) => match settings[i] {
            Setting::Int(n) => n,
            _ => 0,
        },
    }
}

fn date(term: DateTerm, view: &View) -> Option<CivilDate> {
    match term {
        DateTerm::Constant(d) => Some(d),
        DateTerm::Fact(fact) => match view.get(fact) {
            Value::Date(d) => Some(d),
            _ => None,
        },
    }
}
