//! Who acts in the demo: offices, providers, workers, and an account for every role.
use super::names::{Dice, Numbers, given, mobile, surname};
use super::population::{people, town_centre, village_centre};
use super::{COUNTY, open_archives, towns};
use crate::config::Config;
use crate::wire;
use access::model::{NewAccount, NewOrg, OrgKind};
use assessment::model::Profession;
use catalogue::model::{Category, Skill};
use dispatch::Window;
use kernel::{
    Actor, AssessorId, CivilDate, Error, IdGen, OrgId, OrgScope, RegionCode, Result, Role, Scope, Sex, Tier, UserId,
    WorkerId,
};
use providers::model::{ContractDraft, DocumentDraft, DocumentKind, Language, ProviderDraft, WorkerDraft};
use std::collections::HashSet;
use store::{Db, Tx};

/// A provider of the demo with its people as actors.
pub struct Firm {
    pub org: OrgId,
    pub manager: Actor,
    /// Worker and the account they carry the phone with.
    pub workers: Vec<(WorkerId, Actor)>,
}

/// Everyone who acts.
pub struct Cast {
    pub elders: usize,
    pub county: RegionCode,
    pub towns: Vec<RegionCode>,
    /// One clerk a village.
    pub clerks: Vec<Actor>,
    pub town_staff: Vec<Actor>,
    pub county_staff: Actor,
    pub city_staff: Actor,
    pub finance: Actor,
    pub operator: Actor,
    pub firms: Vec<Firm>,
    /// The register of assessors with the accounts they assess with; the first two are a physician and a nurse.
    pub assessors: Vec<(AssessorId, Actor)>,
}

/// (name, credit code without its check character, contact)
const FIRMS: [(&str, &str, &str); 3] = [
    ("颐安居家养老服务有限公司", "91441523MA4X8K2P3", "林国栋"),
    ("康乐居家服务部", "92441523MA4X9C7H1", "罗惠珍"),
    ("陆河便民服务社", "93441523MA4XB3T58", "彭志明"),
];
/// Assessors: the demo's own physician and nurse first.
const ASSESSORS: [(&str, Profession); 6] = [
    ("罗志成", Profession::Physician),
    ("曾美兰", Profession::Nurse),
    ("丘小燕", Profession::SocialWorker),
    ("江志明", Profession::CareWorkerSenior),
    ("范丽君", Profession::Nurse),
    ("钟伟强", Profession::Physician),
];
const WORKERS_EACH: usize = 9;
/// The first workers of the first provider, in every demo.
const KNOWN_WORKERS: [&str; 2] = ["叶春梅", "林玉芳"];
/// 墩塘村: its clerk is the one the sign-in page shows.
pub(super) const LEAD_VILLAGE: &str = "441523101204";

struct Builder<'a> {
    db: &'a Db,
    platform: Actor,
    dice: Dice<'a>,
    numbers: Numbers,
    today: CivilDate,
    logins: u32,
    /// Names of workers so far.
    workers: HashSet<String>,
}

impl Builder<'_> {
    fn person(&self, sex: Sex) -> String {
        format!("{}{}", surname(&self.dice), given(&self.dice, sex, 1975))
    }
    /// A name no worker has yet: boards and lists call them by it.
    fn new_face(&mut self, sex: Sex) -> String {
        loop {
            let name = self.person(sex);
            if !KNOWN_WORKERS.contains(&name.as_str()) && self.workers.insert(name.clone()) {
                return name;
            }
        }
    }
    async fn account(
        &mut self,
        tx: &Tx,
        name: &str,
        role: Role,
        region: RegionCode,
        org: Option<OrgId>,
        worker: Option<WorkerId>,
    ) -> Result<Actor> {
        self.logins += 1;
        let new = NewAccount {
            login: format!("demo{:03}", self.logins),
            name: name.into(),
            role,
            region,
            org,
            worker,
            password: None,
            must_change: false,
        };
        let user: UserId = access::service::create_account(tx, self.db, &self.platform, new).await?;
        let scope = Scope {
            region,
            org: match (role, org, worker) {
                (Role::ProviderManager, Some(o), _) => OrgScope::Org(o),
                (Role::Worker, Some(o), Some(w)) => OrgScope::Worker(o, w),
                _ => OrgScope::Any,
            },
        };
        Ok(Actor::Person { user, name: name.into(), role, scope })
    }
    async fn office(&self, tx: &Tx, name: String, region: RegionCode) -> Result<OrgId> {
        let new = NewOrg { name, kind: OrgKind::Government, region };
        access::service::create_org(tx, self.db, &self.platform, new).await
    }
}

/// The unified social credit code (GB 32100-2015) of 17 characters: with its check character.
fn credit_code(head: &str) -> Result<String> {
    const SIGNS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let mut sum = 0;
    for (c, w) in head.chars().zip(WEIGHTS) {
        sum += SIGNS.find(c).ok_or_else(|| Error::Internal(format!("{c} is no sign of a credit code")))? * w;
    }
    let check = SIGNS.chars().nth((31 - sum % 31) % 31).unwrap_or('0');
    Ok(format!("{head}{check}"))
}

/// Builds offices, accounts, the menu with prices, providers with workers, and everyone's archive.
pub async fn build_cast(db: &Db, config: &Config, seed: u64, elders: usize, today: CivilDate) -> Result<Cast> {
    let ids = IdGen::new(seed);
    let book = people::service::load_book(db).await?;
    let county: RegionCode = COUNTY.parse().map_err(Error::internal)?;
    let mut b = Builder {
        db,
        platform: wire::platform(config, "demo"),
        dice: Dice(&ids),
        numbers: Numbers::default(),
        today,
        logins: 0,
        workers: HashSet::new(),
    };

    let tx = db.begin().await?;
    let bureau = b.office(&tx, "陆河县民政局".into(), county).await?;
    let treasury = b.office(&tx, "陆河县财政局".into(), county).await?;
    let city = b.office(&tx, "汕尾市民政局".into(), county.at(Tier::City)).await?;
    b.account(&tx, "蔡敏", Role::Administrator, config.region, None, None).await?;
    let city_staff = b.account(&tx, "郑文斌", Role::CityStaff, county.at(Tier::City), Some(city), None).await?;
    let county_staff = b.account(&tx, "邹建明", Role::CountyStaff, county, Some(bureau), None).await?;
    let finance = b.account(&tx, "叶文峰", Role::Finance, county, Some(treasury), None).await?;
    let operator = b.account(&tx, "何晓燕", Role::Operator, county, Some(bureau), None).await?;
    let (mut clerks, mut town_staff, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let list = towns(elders)?;
    for town in &list {
        let office = b.office(&tx, format!("{}公共服务办", book.name(&town.code)), town.code).await?;
        let name = if town.index == 0 { "陈嘉敏".to_string() } else { b.person(Sex::Female) };
        town_staff.push(b.account(&tx, &name, Role::TownStaff, town.code, Some(office), None).await?);
        // The lead of the demo comes first: the sign-in page shows the first account of a role.
        let mut villages = book.children(&town.code).to_vec();
        villages.sort_by_key(|v| v.as_str() != LEAD_VILLAGE);
        for village in &villages {
            let name = if village.as_str() == LEAD_VILLAGE { "温国辉".to_string() } else { b.person(Sex::Male) };
            clerks.push(b.account(&tx, &name, Role::VillageStaff, *village, None, None).await?);
        }
        let Builder { dice, numbers, .. } = &mut b;
        all.extend(people(dice, numbers, &book, *town, today));
    }
    let seeded = catalogue::service::Seed {
        region: county.at(Tier::City),
        document: "陆河县居家养老服务价目（演示）".into(),
        from: today.plus_days(-730),
    };
    catalogue::service::seed(&tx, db, &b.platform, &seeded).await?;
    let mut firms = Vec::new();
    for (i, (name, code, contact)) in FIRMS.iter().enumerate() {
        firms.push(b.firm(&tx, i, name, code, contact, county, list[0].code).await?);
    }
    let assessors = b.assessors(&tx, county).await?;
    tx.commit().await?;
    let platform = b.platform.clone();
    let n = open_archives(db, &platform, &all).await?.len();
    let towns = list.iter().map(|t| t.code).collect();
    Ok(Cast {
        elders: n,
        county,
        towns,
        clerks,
        town_staff,
        county_staff,
        city_staff,
        finance,
        operator,
        firms,
        assessors,
    })
}

impl Builder<'_> {
    /// Two teams of the county's hospital and two people of a social work agency.
    async fn assessors(&mut self, tx: &Tx, county: RegionCode) -> Result<Vec<(AssessorId, Actor)>> {
        let new = NewOrg { name: "陆河县人民医院".into(), kind: OrgKind::Institution, region: county };
        let hospital = access::service::create_org(tx, self.db, &self.platform, new).await?;
        let mut out = Vec::new();
        for (n, (name, profession)) in ASSESSORS.into_iter().enumerate() {
            let actor = self.account(tx, name, Role::Assessor, county, Some(hospital), None).await?;
            let entry = assessment::service::NewAssessor {
                name: name.into(),
                user: actor.user_id(),
                profession,
                region: county,
                employer: if profession == Profession::SocialWorker {
                    "陆河县社工站"
                } else {
                    "陆河县人民医院"
                }
                .into(),
                employer_org: Some(hospital),
                certificate: format!("粤评 2024-{:04}", 2231 + n * 7),
                // One certificate runs out soon: something to see in the register.
                valid_to: self.today.plus_days(if n == 3 { 25 } else { 500 }),
                active: true,
            };
            out.push((assessment::service::register(tx, self.db, &self.platform, entry).await?, actor));
        }
        Ok(out)
    }

    #[allow(clippy::too_many_arguments)]
    async fn firm(
        &mut self,
        tx: &Tx,
        index: usize,
        name: &str,
        code: &str,
        contact: &str,
        county: RegionCode,
        town: RegionCode,
    ) -> Result<Firm> {
        let today = self.today;
        let phone = mobile(&self.dice).parse().map_err(Error::Internal)?;
        let draft = ProviderDraft {
            name: name.into(),
            region: county,
            credit_code: credit_code(code)?,
            contact: contact.into(),
            phone,
            active: true,
        };
        let org = providers::service::create_provider(tx, self.db, &self.platform, draft).await?;
        let from = today.plus_days(-300);
        let contract = ContractDraft {
            number: format!("LH-2026-{:02}", index + 1),
            award: format!("陆河县居家养老服务中标通知书 2026-{:02}（演示）", index + 1),
            from,
            to: today.plus_days(430),
            regions: vec![county],
            categories: Category::ALL.to_vec(),
            capacity: None,
            insurer: "演示财产保险".into(),
            policy_no: format!("GZ{:08}", self.dice.below(100_000_000)),
            // One provider's cover runs out within the month: something to see on the desk.
            insured_to: if index == 2 { today.plus_days(21) } else { today.plus_days(300) },
        };
        providers::service::sign_contract(tx, self.db, &self.platform, org, contract).await?;
        let manager = self.account(tx, contact, Role::ProviderManager, county, Some(org), None).await?;
        let mut workers = Vec::new();
        for n in 0..WORKERS_EACH {
            workers.push(self.worker(tx, org, county, town, index, n).await?);
        }
        Ok(Firm { org, manager, workers })
    }

    async fn worker(
        &mut self,
        tx: &Tx,
        org: OrgId,
        county: RegionCode,
        town: RegionCode,
        firm: usize,
        n: usize,
    ) -> Result<(WorkerId, Actor)> {
        let today = self.today;
        let sex = if self.dice.chance(800) { Sex::Female } else { Sex::Male };
        let name = match (firm, n) {
            (0, 0) => KNOWN_WORKERS[0].to_string(),
            (0, 1) => KNOWN_WORKERS[1].to_string(),
            _ => self.new_face(sex),
        };
        let sex = if firm == 0 && n < 2 { Sex::Female } else { sex };
        let birth = today.plus_days(-365 * self.dice.range(28, 54) - self.dice.range(0, 364));
        let id_number = self.numbers.next(COUNTY, birth, sex);
        let centre = town_centre(usize::from(town.as_str() != super::TOWNS[0]));
        let draft = WorkerDraft {
            org,
            name: name.clone(),
            id_number,
            phone: mobile(&self.dice).parse().ok(),
            skills: Skill::set(Skill::ALL),
            languages: Language::set(&[Language::Mandarin, Language::Hakka]),
            hours: (0..7).filter_map(|weekday| Window::new(weekday, 7 * 60, 19 * 60)).collect(),
            home: Some(village_centre(centre, firm * WORKERS_EACH + n)),
            home_address: "演示住址".into(),
            training_hours: 40 + self.dice.below(80) as u32,
            joined_on: today.plus_days(-self.dice.range(200, 900)),
            active: true,
        };
        let id = providers::service::register_worker(tx, self.db, &self.platform, draft).await?;
        let paper = |kind: DocumentKind, name: &str, covers: &[Skill], left: i64| DocumentDraft {
            kind,
            name: name.into(),
            number: format!(
                "{}{:08}",
                if kind == DocumentKind::Certificate { "YL" } else { "BX" },
                self.dice.below(100_000_000)
            ),
            issuer: "陆河县人力资源和社会保障局".into(),
            covers: Skill::set(covers),
            from: today.plus_days(left - 1_000),
            to: today.plus_days(left),
        };
        let certified: Vec<Skill> = Skill::ALL.iter().copied().filter(|s| s.needs_certificate()).collect();
        // Two people's papers run out soon, so that the expiry views are not empty.
        let soon = if n == 7 { 12 } else { 260 };
        let papers = [
            paper(DocumentKind::Certificate, "养老护理员（四级）", &certified, 500),
            paper(DocumentKind::Insurance, "雇主责任险", &[], soon),
            paper(DocumentKind::HealthCheck, "健康证", &[], 200),
        ];
        for p in papers {
            providers::service::add_document(tx, self.db, &self.platform, id, p).await?;
        }
        let actor = self.account(tx, &name, Role::Worker, county, Some(org), Some(id)).await?;
        Ok((id, actor))
    }
}
