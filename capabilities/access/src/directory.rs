//! Names of organisations, for whoever shows them.
use crate::model::Org;
use crate::store as sql;
use kernel::{Error, OrgId, Result};
use std::collections::HashMap;
use store::Db;

/// One organisation. Its name is no secret: a caller that shows rows of it has checked the rows' scope.
///
/// # Errors
/// `NotFound`.
pub async fn org(db: &Db, id: OrgId) -> Result<Org> {
    sql::org_by_id(db.read(), id).await?.ok_or_else(|| Error::NotFound("这个单位".into()))
}

/// Several organisations at once; ids that do not exist are left out.
pub async fn orgs_by_ids(db: &Db, ids: &[OrgId]) -> Result<HashMap<OrgId, Org>> {
    sql::orgs_by_ids(db, ids).await
}
