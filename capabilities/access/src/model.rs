//! Organisations, accounts and the rules of signing in. Pure.
use kernel::{FieldError, Instant, OrgId, OrgScope, RegionCode, Role, Scope, SessionId, UserId, WorkerId};

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgKind {
    /// A civil affairs body or another part of government.
    Government,
    /// A company or social organisation that serves at home under contract.
    Provider,
    /// A home for the elderly.
    Institution,
}

impl OrgKind {
    pub const ALL: [OrgKind; 3] = [OrgKind::Government, OrgKind::Provider, OrgKind::Institution];
    pub const fn code(self) -> &'static str {
        match self {
            OrgKind::Government => "government",
            OrgKind::Provider => "provider",
            OrgKind::Institution => "institution",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            OrgKind::Government => "政府单位",
            OrgKind::Provider => "服务商",
            OrgKind::Institution => "养老机构",
        }
    }
    pub fn parse(code: &str) -> Option<OrgKind> {
        OrgKind::ALL.into_iter().find(|k| k.code() == code)
    }
}

/// A government body, provider or institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Org {
    pub id: OrgId,
    pub name: String,
    pub kind: OrgKind,
    pub region: RegionCode,
    /// People of an organisation that is not active cannot sign in.
    pub active: bool,
}

/// What is asked to make or change an organisation.
#[derive(Clone, Debug)]
pub struct NewOrg {
    pub name: String,
    pub kind: OrgKind,
    pub region: RegionCode,
}

/// How large a person has the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    #[default]
    Normal,
    Large,
    ExtraLarge,
}

impl Scale {
    pub const ALL: [Scale; 3] = [Scale::Normal, Scale::Large, Scale::ExtraLarge];
    /// As the pages' `data-scale` has it.
    pub const fn code(self) -> &'static str {
        match self {
            Scale::Normal => "",
            Scale::Large => "elder",
            Scale::ExtraLarge => "elder-xl",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Scale::Normal => "标准",
            Scale::Large => "大字",
            Scale::ExtraLarge => "特大字",
        }
    }
    pub fn parse(code: &str) -> Option<Scale> {
        Scale::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// One person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    /// Lower case, unique in the installation.
    pub login: String,
    pub name: String,
    pub role: Role,
    pub region: RegionCode,
    pub org: Option<OrgId>,
    pub worker: Option<WorkerId>,
    /// A second factor is enrolled.
    pub has_totp: bool,
    /// Wrong passwords or codes in a row.
    pub failed: i64,
    pub locked_until: Option<Instant>,
    pub contrast_high: bool,
    pub scale: Scale,
    pub active: bool,
    /// The password was given by someone else: an own one comes first.
    pub must_change: bool,
    pub created_at: Instant,
}

impl Account {
    /// How far the account sees; `None` for provider people whose organisation or worker is not known.
    pub fn scope(&self) -> Option<Scope> {
        scope(self.role, self.region, self.org, self.worker)
    }
    pub fn locked(&self, now: Instant) -> Option<Instant> {
        self.locked_until.filter(|u| *u > now)
    }
    /// Which step of signing in is still owed by a session of this account.
    pub fn owes(&self, totp_ok: bool) -> Next {
        let second = self.role.needs_totp() || self.has_totp;
        if second && !totp_ok {
            if self.has_totp { Next::Totp } else { Next::EnrolTotp }
        } else if self.must_change {
            Next::ChangePassword
        } else {
            Next::Home
        }
    }
}

/// Region × organisation of a role. `None` where a part is missing that would make the scope wider.
pub fn scope(role: Role, region: RegionCode, org: Option<OrgId>, worker: Option<WorkerId>) -> Option<Scope> {
    let org = match role {
        Role::Worker => OrgScope::Worker(org?, worker?),
        Role::ProviderManager => OrgScope::Org(org?),
        Role::Operator
        | Role::VillageStaff
        | Role::TownStaff
        | Role::CountyStaff
        | Role::CityStaff
        | Role::Assessor
        | Role::Finance
        | Role::Administrator
        // Nothing opens by region for these two: their pages ask which elders the account belongs to.
        | Role::Elder
        | Role::Family => OrgScope::Any,
    };
    Some(Scope { region, org })
}

/// What a new account is made from.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub region: RegionCode,
    /// Needed for provider people, optional for government.
    pub org: Option<OrgId>,
    /// Needed for care workers.
    pub worker: Option<WorkerId>,
    /// `None`: nobody signs in with a password until one is set (demo accounts).
    pub password: Option<crate::HashedPassword>,
    /// The password is a given one.
    pub must_change: bool,
}

/// What may be changed of an account later.
#[derive(Clone, Debug)]
pub struct AccountEdit {
    pub name: String,
    pub role: Role,
    pub region: RegionCode,
    pub org: Option<OrgId>,
}

/// The step that comes next when signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Home,
    /// Type a code of the enrolled second factor.
    Totp,
    /// Enrol a second factor first.
    EnrolTotp,
    /// Replace the given password.
    ChangePassword,
}

/// One signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub ip: String,
    pub agent: String,
}

impl SessionInfo {
    /// `Chrome，Windows` out of what the browser calls itself; 未知 where it says nothing known.
    pub fn device(&self) -> String {
        let a = &self.agent;
        let first = |pairs: &[(&str, &'static str)]| pairs.iter().find(|(k, _)| a.contains(k)).map(|(_, w)| *w);
        let browser = first(&[
            ("MicroMessenger", "微信"),
            ("Edg", "Edge"),
            ("Firefox", "Firefox"),
            ("Chrome", "Chrome"),
            ("Safari", "Safari"),
        ]);
        let system = first(&[
            ("Android", "安卓手机"),
            ("iPhone", "苹果手机"),
            ("iPad", "苹果平板"),
            ("Windows", "Windows 电脑"),
            ("Mac OS", "苹果电脑"),
            ("Linux", "Linux 电脑"),
        ]);
        match (browser, system) {
            (Some(b), Some(s)) => format!("{s}，{b}"),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (None, None) => "未知设备".into(),
        }
    }
}

/// A key another program signs in with. Its acts are recorded under its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub region: RegionCode,
    pub org: Option<OrgId>,
    pub created_by: Option<UserId>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub revoked_at: Option<Instant>,
}

impl ApiKey {
    pub fn valid(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

/// What a new key is made from.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub name: String,
    pub role: Role,
    pub region: RegionCode,
    pub org: Option<OrgId>,
    /// Last day on which it works.
    pub until: kernel::CivilDate,
}

/// A session nobody used for this long is over.
pub const IDLE_MS: i64 = 12 * Instant::HOUR;
/// A session is over this long after its start in any case.
pub const SESSION_MS: i64 = 7 * Instant::DAY;
/// Wrong passwords or codes in a row until an account is locked.
pub const WRONG_LIMIT: i64 = 5;
/// How long an account or address stays locked.
pub const LOCK_MS: i64 = 15 * Instant::MINUTE;
/// Wrong attempts from one address inside [`LOCK_MS`] until it must wait. High, because a whole office shares one.
pub const ADDRESS_LIMIT: i64 = 30;
/// An API key lives at most this long.
pub const KEY_MAX_DAYS: i64 = 366;

/// Count of wrong attempts in a row and, at the limit, until when no more are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misses {
    pub failed: i64,
    pub locked_until: Option<Instant>,
}

impl Misses {
    /// After one more wrong attempt at `now`. A lock that has passed starts the count anew.
    pub fn again(self, now: Instant, limit: i64) -> Misses {
        let before = if self.locked_until.is_some_and(|u| u <= now) { 0 } else { self.failed };
        let failed = before + 1;
        Misses { failed, locked_until: (failed >= limit).then(|| now.plus_ms(LOCK_MS)) }
    }
    /// What the person is told after a wrong attempt; `what` is 账号或密码 or 验证码.
    pub fn message(&self, what: &str) -> String {
        match self.locked_until {
            Some(until) => locked_message(until),
            None => format!("{what}不对。再错 {} 次要等 15 分钟", WRONG_LIMIT - self.failed),
        }
    }
}

/// Why nothing is tried now.
pub fn locked_message(until: Instant) -> String {
    // The next full minute, so that whoever comes at the minute named is let in.
    format!("错得太多，{} 以后再试", until.plus_ms(Instant::MINUTE - 1).hhmm())
}

/// At home the phone is the call button: it stays signed in though nobody looks at it for half a year.
pub const HOME_IDLE_MS: i64 = 180 * Instant::DAY;
/// An elder's or family's session is over this long after its start in any case.
pub const HOME_SESSION_MS: i64 = 366 * Instant::DAY;

/// How long a session of a role may rest, and how long it lives at most.
pub const fn session_limits(role: Role) -> (i64, i64) {
    if matches!(role, Role::Elder | Role::Family) { (HOME_IDLE_MS, HOME_SESSION_MS) } else { (IDLE_MS, SESSION_MS) }
}

/// Whether a session of a role with these times still holds at `now`.
pub fn session_holds(role: Role, created_at: Instant, seen_at: Instant, now: Instant) -> bool {
    let (idle, whole) = session_limits(role);
    now.since(seen_at) < idle && now.since(created_at) < whole
}

/// A login as it is stored: trimmed, ASCII lower case.
pub fn tidy_login(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn check_login(login: &str) -> Option<FieldError> {
    let fits = (3..=40).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    (!fits).then(|| FieldError::new("login", "登录名用 3 到 40 个小写字母、数字、点或横线"))
}

/// Whether a new password is good enough: 10–128 characters of at least two kinds, not built around the login.
///
/// # Errors
/// The sentence for the person.
pub fn check_password(password: &str, login: &str) -> Result<(), String> {
    let n = password.chars().count();
    if n < 10 {
        return Err(format!("密码至少 10 位，现在 {n} 位"));
    }
    if n > 128 {
        return Err("密码最多 128 位".into());
    }
    let kinds = [
        password.chars().any(|c| c.is_ascii_digit()),
        password.chars().any(|c| c.is_ascii_lowercase()),
        password.chars().any(|c| c.is_ascii_uppercase()),
        password.chars().any(|c| !c.is_ascii_alphanumeric()),
    ];
    if kinds.into_iter().filter(|k| *k).count() < 2 {
        return Err("密码里要有字母、数字、符号中的两种".into());
    }
    let mut seen: Vec<char> = password.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() < 5 {
        return Err("密码里重复的字太多".into());
    }
    if !login.is_empty() && password.to_ascii_lowercase().contains(login) {
        return Err("密码里不要带登录名".into());
    }
    Ok(())
}

/// What is wrong with an account's role, region and organisation taken together.
pub fn check_place(role: Role, org: Option<&Org>, worker: Option<WorkerId>) -> Vec<FieldError> {
    let mut out = Vec::new();
    match (role.of_provider(), org) {
        (true, None) => out.push(FieldError::new("org", format!("{}要选所在的服务商", role.zh()))),
        (true, Some(o)) if o.kind != OrgKind::Provider => {
            out.push(FieldError::new("org", format!("{}不是服务商", o.name)));
        }
        (false, Some(o)) if o.kind == OrgKind::Provider => {
            out.push(FieldError::new("org", format!("{}不能放在服务商下面", role.zh())));
        }
        _ => {}
    }
    if role == Role::Worker && worker.is_none() {
        out.push(FieldError::new("role", "护理员的账号在护理员那一页开"));
    }
    if role != Role::Worker && worker.is_some() {
        out.push(FieldError::new("role", "只有护理员的账号对应一位护理员"));
    }
    out
}

/// What is wrong with a new account.
pub fn check_account(new: &NewAccount, org: Option<&Org>) -> Vec<FieldError> {
    let mut out = check_place(new.role, org, new.worker);
    out.extend(check_login(&new.login));
    out.extend(check_name(&new.name));
    out
}

pub(crate) fn check_name(name: &str) -> Option<FieldError> {
    let n = name.trim().chars().count();
    match n {
        0 => Some(FieldError::new("name", "名字没有填")),
        1..=40 => None,
        _ => Some(FieldError::new("name", format!("名字最多 40 字，现在 {n} 字"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_lock_for_a_quarter_and_count_anew_afterwards() {
        let t = Instant(1_000_000);
        let mut m = Misses::default();
        for n in 1..5 {
            m = m.again(t, WRONG_LIMIT);
            assert_eq!(m, Misses { failed: n, locked_until: None });
        }
        m = m.again(t, WRONG_LIMIT);
        assert_eq!(m.locked_until, Some(t.plus_minutes(15)));
        assert_eq!(m.again(t.plus_minutes(15), WRONG_LIMIT), Misses { failed: 1, locked_until: None });
    }

    #[test]
    fn passwords_that_are_refused() {
        for bad in ["short1!", "onlyletters", "1234567890", "aaaaaaaaa1", "chenjm-2026"] {
            assert!(check_password(bad, "chenjm").is_err(), "{bad}");
        }
        assert_eq!(check_password("shuichun-2026", "chenjm"), Ok(()));
    }

    #[test]
    fn provider_people_without_organisation_have_no_scope() {
        let region: RegionCode = "441523".parse().unwrap();
        assert_eq!(scope(Role::ProviderManager, region, None, None), None);
        assert_eq!(scope(Role::Worker, region, None, None), None);
        assert!(scope(Role::Finance, region, None, None).is_some());
    }
}
