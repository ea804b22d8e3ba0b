//! Figures for the administrator's home page.
use kernel::{Instant, Result, Role, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt};

/// Accounts of a region, as far as somebody has to look after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct AccountFigures {
    pub active: i64,
    /// Active, needs a second factor and has none.
    pub no_second_factor: i64,
    /// Active, has not replaced the given password.
    pub given_password: i64,
    /// Locked now.
    pub locked: i64,
}

pub(crate) async fn account_figures(db: &Db, scope: &Scope, now: Instant) -> Result<AccountFigures> {
    let roles: Vec<String> = Role::ALL.iter().filter(|r| r.needs_totp()).map(|r| format!("'{}'", r.code())).collect();
    let mut f = Filter::from("account");
    f.region("region", scope).clause("active = TRUE", vec![]);
    if let Some(org) = scope.org_id() {
        f.and("org_id = ?", org);
    }
    let n = f.values.len() + 1;
    let of = |what: &str| format!("CAST(SUM(CASE WHEN {what} THEN 1 ELSE 0 END) AS BIGINT)");
    let sql = format!(
        "SELECT COUNT(*) AS active, COALESCE({}, 0) AS no_second_factor, COALESCE({}, 0) AS given_password, \
         COALESCE({}, 0) AS locked {}",
        of(&format!("role IN ({}) AND totp_sealed IS NULL", roles.join(", "))),
        of("must_change = TRUE"),
        of(&format!("locked_until > ${n}")),
        f.sql()
    );
    let mut values = f.values.clone();
    values.push(now.into());
    Ok(db.read().one(&sql, values).await?.unwrap_or_default())
}
