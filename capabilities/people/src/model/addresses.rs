//! ELD-3 (B1): at most two service addresses a household, at most two changes a calendar year.
use kernel::{CivilDate, Error, Result};

/// How many service addresses a household may have at once (one in town, one in the country).
pub const MAX_ADDRESSES: usize = 2;
/// How many changes a household may make in one calendar year.
pub const MAX_CHANGES: usize = 2;

/// What is asked of the address list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressStep {
    Add,
    Replace,
    Remove,
}

impl AddressStep {
    pub const fn code(self) -> &'static str {
        match self {
            AddressStep::Add => "add",
            AddressStep::Replace => "replace",
            AddressStep::Remove => "remove",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            AddressStep::Add => "增加",
            AddressStep::Replace => "变更",
            AddressStep::Remove => "撤下",
        }
    }
    pub fn parse(code: &str) -> Option<AddressStep> {
        [AddressStep::Add, AddressStep::Replace, AddressStep::Remove].into_iter().find(|s| s.code() == code)
    }
}

/// Whether a household with `active` addresses that changed them on `changed` may take `step` on `today`. The address
/// written when the archive was opened is no change.
///
/// # Errors
/// `Refused` with the rule and, where a year is used up, the day it becomes possible again.
pub fn may_change(active: usize, changed: &[CivilDate], step: AddressStep, today: CivilDate) -> Result<()> {
    if step == AddressStep::Add && active >= MAX_ADDRESSES {
        return Err(Error::refused(format!(
            "一户最多 {MAX_ADDRESSES} 个服务地址，现在已有 {active} 个。先换掉或撤下一个"
        )));
    }
    let this_year: Vec<String> = changed.iter().filter(|d| d.year() == today.year()).map(|d| d.to_string()).collect();
    if this_year.len() >= MAX_CHANGES {
        return Err(Error::refused(format!(
            "一户一年最多变更 {MAX_CHANGES} 次服务地址，今年已在 {} 变更。{}-01-01 起可以再变更",
            this_year.join("、"),
            today.year() + 1
        )));
    }
    if step == AddressStep::Remove && active <= 1 {
        return Err(Error::refused("一户至少留 1 个服务地址。要换地方，用“变更”"));
    }
    Ok(())
}
