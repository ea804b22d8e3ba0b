//! Who acts, and how far they may see: region × organisation.
use crate::id::{OrgId, UserId, WorkerId};
use crate::region::RegionCode;
use crate::role::Role;

/// The organisation part of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrgScope {
    /// Government staff: all organisations inside the region.
    Any,
    /// A provider's own rows only.
    Org(OrgId),
    /// One care worker's own rows only.
    Worker(OrgId, WorkerId),
}

/// How far a reader may see. Every read that can return someone's row takes one, so a query without a
/// scope does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub region: RegionCode,
    pub org: OrgScope,
}

impl Scope {
    /// See [`RegionCode::range`].
    pub fn region_range(&self) -> (String, String) {
        self.region.range()
    }
    pub fn covers(&self, region: &RegionCode) -> bool {
        self.region.contains(region)
    }
    /// The same organisation, a smaller region; `None` if `region` is not inside.
    pub fn narrowed(&self, region: RegionCode) -> Option<Scope> {
        self.covers(&region).then_some(Scope { region, org: self.org })
    }
    pub fn org_id(&self) -> Option<OrgId> {
        match self.org {
            OrgScope::Any => None,
            OrgScope::Org(o) | OrgScope::Worker(o, _) => Some(o),
        }
    }
    pub fn worker_id(&self) -> Option<WorkerId> {
        match self.org {
            OrgScope::Worker(_, w) => Some(w),
            OrgScope::Any | OrgScope::Org(_) => None,
        }
    }
}

/// Who does something: a person with a role, or the platform itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Person {
        user: UserId,
        name: String,
        role: Role,
        scope: Scope,
    },
    /// The platform acting on a schedule; `0` names the job.
    Platform {
        job: &'static str,
        scope: Scope,
    },
}

impl Actor {
    pub fn scope(&self) -> &Scope {
        match self {
            Actor::Person { scope, .. } | Actor::Platform { scope, .. } => scope,
        }
    }
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Actor::Person { user, .. } => Some(*user),
            Actor::Platform { .. } => None,
        }
    }
    /// The name shown in timelines: 陈嘉敏, or 自动.
    pub fn label(&self) -> String {
        match self {
            Actor::Person { name, .. } => name.clone(),
            Actor::Platform { .. } => "自动".into(),
        }
    }
    pub fn role(&self) -> Option<Role> {
        match self {
            Actor::Person { role, .. } => Some(*role),
            Actor::Platform { .. } => None,
        }
    }
    /// Refuses unless the actor's role carries `permission`; the platform may do everything its jobs do.
    pub fn require(&self, permission: crate::Permission) -> crate::Result<()> {
        match self {
            Actor::Platform { .. } => Ok(()),
            Actor::Person { role, .. } if role.may(permission) => Ok(()),
            Actor::Person { role, .. } => {
                Err(crate::Error::Forbidden(format!("{}不能做这一步，可由{}来做", role.zh(), permission.holders_zh())))
            }
        }
    }
}
