//! A leaf's CEL expression: limits, compilation, a type check over the facts, and lowering to [`Native`] where it is
//! simple enough.
use crate::facts::{Fact, FactSet, FactType, Subject, Value, View};
use crate::native::{DateTerm, IntTerm, Native, Op};
use crate::parameter::{Parameter, ParameterType, Setting};
use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators as cel_op};
use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, Program};
use kernel::CivilDate;
use std::sync::{Arc, OnceLock};

/// The longest condition, in bytes.
pub(crate) const MAX_LENGTH: usize = 1_000;
/// The deepest nesting of a condition.
const MAX_DEPTH: u16 = 40;
/// The parser recurses deeply; it runs on a thread with this much stack.
pub(crate) const PARSER_STACK: usize = 32 << 20;

/// A compiled leaf.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub source: String,
    pub facts: FactSet,
    pub native: Option<Native>,
    program: Program,
}

/// What is wrong with an expression, at a byte of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub offset: usize,
    pub message: String,
}

impl Leaf {
    /// Compiles and checks `source`. To be called on a thread with [`PARSER_STACK`] bytes of stack.
    pub fn compile(source: &str, subject: Subject, parameters: &[Parameter]) -> Result<Leaf, Fault> {
        let fault = |offset, message: String| Fault { offset, message };
        if source.len() > MAX_LENGTH {
            return Err(fault(0, format!("条件太长：{} 字节，最多 {MAX_LENGTH} 字节", source.len())));
        }
        if let Some(offset) = too_deep(source) {
            return Err(fault(offset, format!("条件套得太深，最多 {MAX_DEPTH} 层，拆成几条")));
        }
        let program = env().compile(source).map_err(|errors| {
            // The parser reports what it could not finish from the top down; the deepest place is the useful one.
            let deepest = errors.errors.iter().max_by_key(|e| e.pos);
            fault(deepest.map_or(0, |e| offset_of(source, e.pos)), syntax_zh(deepest.map_or("", |e| &e.msg)))
        })?;
        let mut checker = Checker { subject, parameters, facts: FactSet::EMPTY, locals: Vec::new() };
        let typed = checker.check(program.expression(), 0).map_err(|(id, message)| {
            let at = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
            fault(char_to_byte(source, at), message)
        })?;
        if !matches!(typed.ty, Ty::Bool | Ty::Any) {
            return Err(fault(0, "条件的结果要是“是”或“否”".into()));
        }
        let native = match typed.form {
            Form::Bool(native) => Some(native),
            _ => None,
        };
        Ok(Leaf { source: source.to_owned(), facts: checker.facts, native, program })
    }

    /// The leaf by the CEL interpreter; `None` if CEL cannot work it out (a division by zero, a wrong type).
    pub fn eval_cel(&self, view: &View, parameters: &[Parameter], settings: &[Setting]) -> Option<bool> {
        let names = Names { view, parameters, settings };
        let mut context = Context::with_env(Arc::clone(env()));
        context.set_variable_resolver(&names);
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(b)) => Some(b),
            _ => None,
        }
    }

    /// The leaf by the fast way where there is one.
    pub fn eval(&self, view: &View, parameters: &[Parameter], settings: &[Setting]) -> Option<bool> {
        match &self.native {
            Some(native) => Some(native.eval(view, settings)),
            None => self.eval_cel(view, parameters, settings),
        }
    }
}

fn env() -> &'static Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| Arc::new(Env::stdlib()))
}

/// Facts and parameters by name, for the CEL interpreter.
struct Names<'a> {
    view: &'a View<'a>,
    parameters: &'a [Parameter],
    settings: &'a [Setting],
}

impl VariableResolver for Names<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(i) = self.parameters.iter().position(|p| p.name == name) {
            return match self.settings[i] {
                Setting::Int(n) => Some(CowVal::owned(CelInt::from(n))),
                Setting::Bool(b) => Some(CowVal::owned(CelBool::from(b))),
                _ => None,
            };
        }
        let fact = Fact::parse(name)?;
        let codes = fact.ty().codes();
        Some(match self.view.get(fact) {
            Value::Unknown => return None,
            Value::Bool(b) => CowVal::owned(CelBool::from(b)),
            Value::Int(n) => CowVal::owned(CelInt::from(n)),
            Value::Date(d) => CowVal::owned(CelString::from(d.to_string())),
            Value::Region(r) => CowVal::owned(CelString::from(r.to_string())),
            Value::Code(c) => CowVal::owned(CelString::from(codes.get(usize::from(c))?.0)),
            Value::Set(s) => {
                let members = codes.iter().enumerate().filter(|(i, _)| s >> i & 1 == 1);
                let list: Vec<cel::Value> = members.map(|(_, (code, _))| cel::Value::from(*code)).collect();
                CowVal::Owned(cel::Value::from(list).try_into().ok()?)
            }
        })
    }
}

/// The place where brackets and prefixes nest beyond the limit; checked before parsing, so that no hostile text
/// reaches the parser's recursion.
fn too_deep(source: &str) -> Option<usize> {
    let (mut depth, mut prefixes) = (0u16, 0u16);
    for (i, c) in source.char_indices() {
        match c {
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            '!' | '-' => prefixes += 1,
            c if c.is_whitespace() => {}
            _ => prefixes = 0,
        }
        if depth > MAX_DEPTH || prefixes > MAX_DEPTH {
            return Some(i);
        }
    }
    None
}

/// CEL's line and column, both from 1, as a byte offset.
fn offset_of(source: &str, (line, column): (isize, isize)) -> usize {
    let from_zero = |n: isize| usize::try_from(n).unwrap_or(0).saturating_sub(1);
    let start: usize = source.split_inclusive('\n').take(from_zero(line)).map(str::len).sum();
    start + char_to_byte(&source[start..], from_zero(column))
}

/// The parser's words in Chinese where they are common.
fn syntax_zh(message: &str) -> String {
    let message = message.trim_start_matches("Syntax error: ");
    let token = message.split('\'').nth(1).unwrap_or_default();
    match message.split_whitespace().next() {
        Some("mismatched" | "extraneous" | "no") if token == "<EOF>" => "条件没写完".into(),
        Some("mismatched" | "extraneous" | "no" | "token") if !token.is_empty() => {
            format!("条件读不懂：“{token}”放错了地方")
        }
        Some("missing") => format!("条件读不懂：少了“{token}”"),
        _ => format!("条件读不懂：{message}"),
    }
}

fn char_to_byte(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(i, _)| i)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ty {
    Bool,
    Int,
    Text,
    Date,
    Region,
    Code(Fact),
    Set(Fact),
    List,
    /// Known only when evaluated; such a leaf is tried on sample facts when the pack is loaded.
    Any,
}

enum Form {
    Bool(Native),
    Int(IntTerm),
    Date(DateTerm),
    Fact(Fact),
    Text(String),
    Texts(Vec<String>),
    None,
}

struct Typed {
    ty: Ty,
    form: Form,
}

impl Typed {
    const fn opaque(ty: Ty) -> Typed {
        Typed { ty, form: Form::None }
    }
}

type Checked<T> = Result<T, (u64, String)>;

struct Checker<'a> {
    subject: Subject,
    parameters: &'a [Parameter],
    facts: FactSet,
    locals: Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, e: &IdedExpr, depth: u16) -> Checked<Typed> {
        if depth > MAX_DEPTH {
            return Err((e.id, format!("条件套得太深，最多 {MAX_DEPTH} 层，拆成几条")));
        }
        match &e.expr {
            Expr::Literal(literal) => self.literal(e.id, literal),
            Expr::Ident(name) => self.ident(e.id, name),
            Expr::List(list) => {
                let mut texts = Some(Vec::new());
                for item in &list.elements {
                    match (self.check(item, depth + 1)?.form, &mut texts) {
                        (Form::Text(t), Some(texts)) => texts.push(t),
                        _ => texts = None,
                    }
                }
                Ok(Typed { ty: Ty::List, form: texts.map_or(Form::None, Form::Texts) })
            }
            Expr::Call(call) => {
                let mut args = Vec::with_capacity(call.args.len() + 1);
                for arg in call.target.as_deref().into_iter().chain(&call.args) {
                    args.push((arg.id, self.check(arg, depth + 1)?));
                }
                self.call(e.id, &call.func_name, args)
            }
            Expr::Comprehension(c) => {
                self.check(&c.iter_range, depth + 1)?;
                let outer = self.locals.len();
                self.locals.extend([c.iter_var.clone(), c.accu_var.clone()]);
                self.locals.extend(c.iter_var2.clone());
                for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.check(part, depth + 1)?;
                }
                self.locals.truncate(outer);
                Ok(Typed::opaque(Ty::Any))
            }
            _ => Err((e.id, "条件里只能用事实、参数、比较、与或非、in 和列表".into())),
        }
    }

    fn literal(&self, id: u64, literal: &LiteralValue) -> Checked<Typed> {
        Ok(match literal {
            LiteralValue::Boolean(b) => Typed { ty: Ty::Bool, form: Form::Bool(Native::Constant(*b.inner())) },
            LiteralValue::Int(n) => Typed { ty: Ty::Int, form: Form::Int(IntTerm::Constant(*n.inner())) },
            LiteralValue::String(s) => Typed { ty: Ty::Text, form: Form::Text(s.inner().to_owned()) },
            _ => return Err((id, "只能写整数、文字和 true、false；钱和比例不用小数".into())),
        })
    }

    fn ident(&mut self, id: u64, name: &str) -> Checked<Typed> {
        if self.locals.iter().any(|l| l == name) {
            return Ok(Typed::opaque(Ty::Any));
        }
        if let Some(i) = self.parameters.iter().position(|p| p.name == name) {
            return match self.parameters[i].ty {
                ParameterType::Int => Ok(Typed { ty: Ty::Int, form: Form::Int(IntTerm::Parameter(i)) }),
                ParameterType::Bool => Ok(Typed { ty: Ty::Bool, form: Form::Bool(Native::Parameter(i)) }),
                _ => Err((id, format!("参数 {name} 不能写进条件，条件里只能用整数和是否"))),
            };
        }
        let Some(fact) = Fact::parse(name) else {
            return Err((id, format!("没有“{name}”这个事实，也没有这个参数")));
        };
        if fact.subject() != self.subject {
            let (of, about) = (fact.subject().zh(), self.subject.zh());
            return Err((id, format!("“{name}”说的是{of}，这个政策包说的是{about}")));
        }
        self.facts.0 |= fact.bit();
        Ok(match fact.ty() {
            FactType::Bool => Typed { ty: Ty::Bool, form: Form::Bool(Native::Fact(fact)) },
            FactType::Int => Typed { ty: Ty::Int, form: Form::Int(IntTerm::Fact(fact)) },
            FactType::Date => Typed { ty: Ty::Date, form: Form::Date(DateTerm::Fact(fact)) },
            FactType::Region => Typed { ty: Ty::Region, form: Form::Fact(fact) },
            FactType::Code(_) => Typed { ty: Ty::Code(fact), form: Form::Fact(fact) },
            FactType::Set(_) => Typed { ty: Ty::Set(fact), form: Form::Fact(fact) },
        })
    }

    fn call(&mut self, id: u64, name: &str, args: Vec<(u64, Typed)>) -> Checked<Typed> {
        let count = args.len();
        let mut args = args.into_iter();
        let (Some(a), b, c) = (args.next(), args.next(), args.next()) else {
            return Err((id, format!("{name} 少了内容")));
        };
        match (name, b, c) {
            (cel_op::LOGICAL_NOT, None, _) => {
                let inner = expect(a, Ty::Bool)?;
                Ok(boolean(inner.map(|n| Native::Not(Box::new(n)))))
            }
            (cel_op::LOGICAL_AND | cel_op::LOGICAL_OR, Some(b), None) => {
                let join = if name == cel_op::LOGICAL_AND { Native::And } else { Native::Or };
                let (a, b) = (expect(a, Ty::Bool)?, expect(b, Ty::Bool)?);
                Ok(boolean(a.zip(b).map(|(a, b)| join(Box::new(a), Box::new(b)))))
            }
            (cel_op::NEGATE, None, _) => {
                let form = match a.1.form {
                    Form::Int(IntTerm::Constant(n)) if n != i64::MIN => Form::Int(IntTerm::Constant(-n)),
                    _ => Form::None,
                };
                expect(a_typed(a.0, a.1.ty), Ty::Int)?;
                Ok(Typed { ty: Ty::Int, form })
            }
            (cel_op::ADD | cel_op::SUBSTRACT | cel_op::MULTIPLY | cel_op::DIVIDE | cel_op::MODULO, Some(b), None) => {
                expect(a, Ty::Int)?;
                expect(b, Ty::Int)?;
                Ok(Typed::opaque(Ty::Int))
            }
            (cel_op::CONDITIONAL, Some(b), Some(c)) => {
                expect(a, Ty::Bool)?;
                if b.1.ty != c.1.ty && b.1.ty != Ty::Any && c.1.ty != Ty::Any {
                    return Err((id, "? 两边的种类要一样".into()));
                }
                Ok(Typed::opaque(b.1.ty))
            }
            (cel_op::IN, Some(b), None) => self.is_in(id, a, b),
            (cel_op::NOT_STRICTLY_FALSE, None, _) => Ok(Typed::opaque(Ty::Any)),
            ("size", None, _) if matches!(a.1.ty, Ty::Set(_) | Ty::List | Ty::Any) => Ok(Typed::opaque(Ty::Int)),
            ("startsWith", Some(b), None) if matches!(a.1.ty, Ty::Region | Ty::Date | Ty::Any) => {
                match (a.1.form, b.1.form) {
                    (Form::Fact(fact), Form::Text(digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                        Ok(boolean(Some(Native::Prefix(fact, digits.into()))))
                    }
                    (_, Form::Text(_)) if a.1.ty != Ty::Region => Ok(Typed::opaque(Ty::Bool)),
                    _ => Err((b.0, "startsWith 后面写区划代码的前几位数字".into())),
                }
            }
            (op, Some(b), None) => match comparison(op) {
                Some(op) => compare(id, op, a, b),
                None => Err((id, format!("条件里不能用 {name}"))),
            },
            _ => Err((id, format!("条件里不能这样用 {name}（{count} 项）"))),
        }
    }

    fn is_in(&self, id: u64, a: (u64, Typed), b: (u64, Typed)) -> Checked<Typed> {
        match (a.1.ty, a.1.form, b.1.ty, b.1.form) {
            (Ty::Code(fact), _, Ty::List, Form::Texts(texts)) => {
                let mut mask = 0;
                for text in &texts {
                    mask |= code(b.0, fact, text)?;
                }
                Ok(boolean(Some(Native::OneOf(fact, mask))))
            }
            (Ty::Text, Form::Text(text), Ty::Set(fact), _) => {
                Ok(boolean(Some(Native::Holds(fact, code(a.0, fact, &text)?))))
            }
            (Ty::Int, _, Ty::List, Form::None) | (Ty::Any, _, Ty::List | Ty::Set(_) | Ty::Any, _) => {
                Ok(Typed::opaque(Ty::Bool))
            }
            (_, _, Ty::Any, _) => Ok(Typed::opaque(Ty::Bool)),
            _ => Err((id, "in 的左边写单选事实、右边写列表，或左边写代码、右边写多选事实".into())),
        }
    }
}

fn a_typed(id: u64, ty: Ty) -> (u64, Typed) {
    (id, Typed::opaque(ty))
}

fn boolean(native: Option<Native>) -> Typed {
    Typed { ty: Ty::Bool, form: native.map_or(Form::None, Form::Bool) }
}

/// The native form of an operand that must be of type `ty`.
fn expect((id, typed): (u64, Typed), ty: Ty) -> Checked<Option<Native>> {
    match (typed.ty == ty || typed.ty == Ty::Any, typed.form) {
        (false, _) => Err((id, format!("这里要写{}", zh(ty)))),
        (true, Form::Bool(native)) => Ok(Some(native)),
        (true, _) => Ok(None),
    }
}

fn zh(ty: Ty) -> &'static str {
    match ty {
        Ty::Bool => "是否",
        Ty::Int => "整数",
        Ty::Text => "文字",
        Ty::Date => "日期",
        Ty::Region => "区划代码",
        Ty::Code(_) => "单选事实",
        Ty::Set(_) => "多选事实",
        Ty::List => "列表",
        Ty::Any => "任意",
    }
}

fn comparison(name: &str) -> Option<Op> {
    Some(match name {
        cel_op::EQUALS => Op::Eq,
        cel_op::NOT_EQUALS => Op::Ne,
        cel_op::LESS => Op::Lt,
        cel_op::LESS_EQUALS => Op::Le,
        cel_op::GREATER => Op::Gt,
        cel_op::GREATER_EQUALS => Op::Ge,
        _ => return None,
    })
}

/// The bit of `text` among the fact's codes.
fn code(id: u64, fact: Fact, text: &str) -> Checked<u32> {
    fact.ty().position(text).map(|i| 1 << i).ok_or_else(|| {
        let codes: Vec<&str> = fact.ty().codes().iter().map(|(c, _)| *c).collect();
        (id, format!("“{}”没有 {text} 这个取值，可用的是 {}", fact.zh(), codes.join("、")))
    })
}

fn compare(id: u64, op: Op, a: (u64, Typed), b: (u64, Typed)) -> Checked<Typed> {
    let ((a_id, a), (b_id, b)) = (a, b);
    let equality = matches!(op, Op::Eq | Op::Ne);
    match (a.ty, b.ty) {
        (Ty::Any, _) | (_, Ty::Any) => Ok(Typed::opaque(Ty::Bool)),
        (Ty::Int, Ty::Int) => Ok(boolean(match (a.form, b.form) {
            (Form::Int(a), Form::Int(b)) => Some(Native::Int(op, a, b)),
            _ => None,
        })),
        (Ty::Bool, Ty::Bool) if equality => Ok(Typed::opaque(Ty::Bool)),
        (Ty::Date, Ty::Date) | (Ty::Date, Ty::Text) | (Ty::Text, Ty::Date) => {
            let (a, b) = (date_term(a_id, a.form)?, date_term(b_id, b.form)?);
            Ok(boolean(a.zip(b).map(|(a, b)| Native::Date(op, a, b))))
        }
        (Ty::Code(fact), Ty::Text) if equality => code_test(op, fact, b_id, b.form),
        (Ty::Text, Ty::Code(fact)) if equality => code_test(op, fact, a_id, a.form),
        (Ty::Region, Ty::Text) if equality => region_test(op, a.form, b_id, b.form),
        (Ty::Text, Ty::Region) if equality => region_test(op, b.form, a_id, a.form),
        (Ty::Region, Ty::Region) if equality => Ok(Typed::opaque(Ty::Bool)),
        (a, b) => Err((id, format!("{}和{}不能这样比", zh(a), zh(b)))),
    }
}

fn date_term(id: u64, form: Form) -> Checked<Option<DateTerm>> {
    match form {
        Form::Date(term) => Ok(Some(term)),
        // Only the exact form: CEL compares the text, so `2026-1-1` would sort wrongly.
        Form::Text(text) => match text.parse::<CivilDate>() {
            Ok(date) if date.to_string() == text => Ok(Some(DateTerm::Constant(date))),
            _ => Err((id, "日期要写成 '2026-11-21'".into())),
        },
        _ => Ok(None),
    }
}

fn code_test(op: Op, fact: Fact, id: u64, form: Form) -> Checked<Typed> {
    let Form::Text(text) = form else { return Ok(Typed::opaque(Ty::Bool)) };
    let mask = code(id, fact, &text)?;
    Ok(boolean(Some(Native::OneOf(fact, if op == Op::Eq { mask } else { !mask }))))
}

fn region_test(op: Op, region: Form, id: u64, form: Form) -> Checked<Typed> {
    match (region, form) {
        (Form::Fact(fact), Form::Text(text)) if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) => {
            let test = Native::Prefix(fact, text.into());
            Ok(boolean(Some(if op == Op::Eq { test } else { Native::Not(Box::new(test)) })))
        }
        (_, Form::Text(_)) => Err((id, "区划代码要 12 位；比前几位用 startsWith".into())),
        _ => Ok(Typed::opaque(Ty::Bool)),
    }
}
