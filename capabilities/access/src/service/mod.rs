//! What one can do with organisations, accounts, sessions and keys.
mod accounts;
mod keys;
mod orgs;
mod own;
mod sign_in;

pub use crate::store::{AccountAsk, AccountFigures, SessionLine};
pub use accounts::{
    NewHomeAccount, NewWorkerAccount, account, account_figures, accounts, create_account, create_home_account,
    create_worker_account, first_run, given_password, link_token, sessions,
};
pub use keys::{create_key, key, keys};
pub use orgs::{create_org, org_list, org_name, orgs, update_org};
pub use own::{asks_password, confirm_password};
pub(crate) use sign_in::Half;
pub use sign_in::{Client, SignedIn};

use audit::Action;
use kernel::{Actor, Error, RegionCode, Result};

pub(crate) const SIGNED_IN: Action = Action::new("access.sign_in", "登录");
pub(crate) const SIGNED_OUT: Action = Action::new("access.sign_out", "退出");
pub(crate) const WRONG: Action = Action::new("access.sign_in_failed", "登录没成");
pub(crate) const LOCKED: Action = Action::new("access.locked", "错得太多，锁了 15 分钟");
pub(crate) const DENIED: Action = Action::new("access.denied", "要打开不归自己的一页，没让");
pub(crate) const SESSION_REVOKED: Action = Action::new("access.session_revoked", "让一台设备退出");
pub(crate) const PASSWORD_CHANGED: Action = Action::new("access.password_changed", "改了自己的密码");
pub(crate) const PASSWORD_RESET: Action = Action::new("access.password_reset", "给了新密码");
pub(crate) const TOTP_ON: Action = Action::new("access.totp_on", "绑了动态验证码");
pub(crate) const TOTP_OFF: Action = Action::new("access.totp_off", "停了动态验证码");
pub(crate) const TOTP_RESET: Action = Action::new("access.totp_reset", "重置了动态验证码");
pub(crate) const ACCOUNT_MADE: Action = Action::new("access.account_made", "开了账号");
pub(crate) const ACCOUNT_CHANGED: Action = Action::new("access.account_changed", "改了账号");
pub(crate) const ACCOUNT_OFF: Action = Action::new("access.account_off", "停了账号");
pub(crate) const ACCOUNT_ON: Action = Action::new("access.account_on", "启用了账号");
pub(crate) const ORG_MADE: Action = Action::new("access.org_made", "登记了单位");
pub(crate) const ORG_CHANGED: Action = Action::new("access.org_changed", "改了单位");
pub(crate) const KEY_MADE: Action = Action::new("access.key_made", "发了接口密钥");
pub(crate) const KEY_REVOKED: Action = Action::new("access.key_revoked", "收回了接口密钥");
pub(crate) const JOB_AGAIN: Action = Action::new("work.again", "让没做成的后台工作再做");

/// Refuses a region the actor does not cover.
fn inside(actor: &Actor, region: &RegionCode) -> Result<()> {
    if actor.scope().covers(region) {
        return Ok(());
    }
    Err(Error::invalid("region", "这个区域不归你管，选自己管的区域"))
}
