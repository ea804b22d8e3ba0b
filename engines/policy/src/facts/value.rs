//! The value of one fact: how it is read from text and JSON and shown to a person.
use super::table::FactType;
use kernel::{CivilDate, RegionCode};

/// The value of a fact. `Code` and `Set` hold positions in the codes of the fact's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    #[default]
    Unknown,
    Bool(bool),
    Int(i64),
    Date(CivilDate),
    Region(RegionCode),
    Code(u8),
    Set(u32),
}

impl Value {
    /// Reads what a file or a form says about a fact of type `ty`; set members are separated by commas.
    pub fn parse(ty: FactType, text: &str) -> Option<Value> {
        let text = text.trim();
        Some(match ty {
            FactType::Bool => Value::Bool(match text {
                "true" | "是" => true,
                "false" | "否" => false,
                _ => return None,
            }),
            FactType::Int => Value::Int(text.parse().ok()?),
            FactType::Date => Value::Date(text.parse().ok()?),
            FactType::Region => Value::Region(text.parse().ok()?),
            FactType::Code(_) => Value::Code(ty.position(text)?),
            FactType::Set(_) => {
                let mut set = 0;
                for code in text.split([',', '，']).map(str::trim).filter(|c| !c.is_empty()) {
                    set |= 1 << ty.position(code)?;
                }
                Value::Set(set)
            }
        })
    }
    /// Whether this is a value of type `ty` (unknown is of every type).
    pub fn fits(self, ty: FactType) -> bool {
        match (self, ty) {
            (Value::Unknown, _)
            | (Value::Bool(_), FactType::Bool)
            | (Value::Date(_), FactType::Date)
            | (Value::Region(_), FactType::Region) => true,
            (Value::Int(n), FactType::Int) => n >= 0,
            (Value::Code(c), FactType::Code(codes)) => usize::from(c) < codes.len(),
            (Value::Set(s), FactType::Set(codes)) => u64::from(s) < 1u64 << codes.len(),
            _ => false,
        }
    }
    /// How a person reads it: `农村`, `77`, `1949-03-08`, `不知道`.
    pub fn zh(self, ty: FactType) -> String {
        let word = |i: usize| ty.codes().get(i).map_or("", |(_, zh)| *zh);
        match self {
            Value::Unknown => "不知道".into(),
            Value::Bool(true) => "是".into(),
            Value::Bool(false) => "否".into(),
            Value::Int(n) => n.to_string(),
            Value::Date(d) => d.to_string(),
            Value::Region(r) => r.to_string(),
            Value::Code(c) => word(usize::from(c)).into(),
            Value::Set(0) => "无".into(),
            Value::Set(s) => (0..32).filter(|i| s >> i & 1 == 1).map(word).collect::<Vec<_>>().join("、"),
        }
    }
    pub(crate) fn json(self, ty: FactType) -> serde_json::Value {
        let code = |i: usize| ty.codes().get(i).map_or("", |(c, _)| *c);
        match self {
            Value::Unknown => serde_json::Value::Null,
            Value::Bool(b) => b.into(),
            Value::Int(n) => n.into(),
            Value::Date(d) => d.to_string().into(),
            Value::Region(r) => r.to_string().into(),
            Value::Code(c) => code(usize::from(c)).into(),
            Value::Set(s) => (0..32).filter(|i| s >> i & 1 == 1).map(code).collect::<Vec<_>>().into(),
        }
    }
    pub(super) fn from_json(ty: FactType, json: &serde_json::Value) -> Option<Value> {
        use serde_json::Value as J;
        match (ty, json) {
            (_, J::Null) => Some(Value::Unknown),
            (FactType::Bool, J::Bool(b)) => Some(Value::Bool(*b)),
            (FactType::Int, J::Number(n)) => n.as_i64().map(Value::Int),
            (FactType::Set(_), J::Array(items)) => {
                items.iter().try_fold(0, |set, item| Some(set | 1 << ty.position(item.as_str()?)?)).map(Value::Set)
            }
            (FactType::Bool | FactType::Int | FactType::Set(_), _) => None,
            (_, J::String(text)) => Value::parse(ty, text),
            _ => None,
        }
    }
}
