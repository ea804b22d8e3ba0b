//! Roles and what each may do. One table; routes and services ask it and nothing else.
use serde::{Deserialize, Serialize};

macro_rules! roles {
    ($($variant:ident $code:literal $zh:literal),* $(,)?) => {
        /// What a person is on the platform (spec: desks). One role an account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($variant),* }
        impl Role {
            pub const ALL: &'static [Role] = &[$(Role::$variant),*];
            pub const fn code(self) -> &'static str { match self { $(Role::$variant => $code),* } }
            pub const fn zh(self) -> &'static str { match self { $(Role::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<Role> { match code { $($code => Some(Role::$variant),)* _ => None } }
        }
    };
}
roles! {
    Operator "operator" "12349 坐席",
    VillageStaff "village_staff" "村社区专干",
    TownStaff "town_staff" "镇街经办",
    CountyStaff "county_staff" "县民政",
    CityStaff "city_staff" "市民政",
    ProviderManager "provider_manager" "服务商经理",
    Worker "worker" "护理员",
    Assessor "assessor" "评估员",
    Finance "finance" "财务",
    Administrator "administrator" "管理员",
    Elder "elder" "老人",
    Family "family" "家属",
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident $code:literal [$($role:ident)*]),* $(,)?) => {
        /// A thing one may do. The list of roles that hold it stands beside it and nowhere else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$doc])* $variant),* }
        impl Permission {
            pub const ALL: &'static [Permission] = &[$(Permission::$variant),*];
            pub const fn code(self) -> &'static str { match self { $(Permission::$variant => $code),* } }
            pub const fn holders(self) -> &'static [Role] { match self { $(Permission::$variant => &[$(Role::$role),*]),* } }
        }
    };
}
permissions! {
    /// Own desk, own sessions, own settings: everyone who is signed in.
    SignedIn "signed_in" [Operator VillageStaff TownStaff CountyStaff CityStaff ProviderManager Worker Assessor Finance Administrator Elder Family],
    /// See elders of one's region.
    ElderRead "elder_read" [Operator VillageStaff TownStaff CountyStaff CityStaff],
    /// Collect and correct archives.
    ElderWrite "elder_write" [VillageStaff TownStaff CountyStaff],
    /// Show an ID number or phone in full; asks a reason and is audited.
    ElderUnmask "elder_unmask" [Operator VillageStaff TownStaff CountyStaff],
    /// Import archives from a file.
    ElderImport "elder_import" [VillageStaff TownStaff CountyStaff],
    /// Decide on duplicates, merge and take a merge back.
    ElderMerge "elder_merge" [TownStaff CountyStaff],
    /// See determinations with their reasons, policies and purses.
    EntitlementRead "entitlement_read" [Operator VillageStaff TownStaff CountyStaff CityStaff Finance Administrator],
    /// Write a version of a policy, try it out, hand it in for approval.
    PolicyDraft "policy_draft" [CountyStaff CityStaff Administrator],
    /// Approve or return a version somebody else wrote, take back one that has not begun.
    PolicyApprove "policy_approve" [CountyStaff CityStaff],
    /// Tell people of corrections of their money, write down that they were told.
    CorrectionTell "correction_tell" [VillageStaff TownStaff CountyStaff],
    /// Run the determination of everyone.
    EntitlementRun "entitlement_run" [CountyStaff CityStaff Administrator],
    /// See catalogue and approved prices.
    CatalogueRead "catalogue_read" [Operator VillageStaff TownStaff CountyStaff CityStaff ProviderManager Finance Administrator],
    /// Change items and approved prices.
    CatalogueWrite "catalogue_write" [CountyStaff CityStaff],
    /// See providers of one's region; a provider sees itself.
    ProviderRead "provider_read" [Operator TownStaff CountyStaff CityStaff ProviderManager Finance],
    /// Award, contract, block a provider.
    ProviderWrite "provider_write" [CountyStaff CityStaff],
    /// Keep a provider's own workers and their certificates.
    WorkerWrite "worker_write" [ProviderManager],
    /// See work orders of one's region or organisation.
    OrderRead "order_read" [Operator VillageStaff TownStaff CountyStaff CityStaff ProviderManager Finance],
    /// Order a service for an elder, cancel it.
    OrderCreate "order_create" [Operator VillageStaff TownStaff],
    /// Accept, refuse, assign as the provider.
    OrderDispatch "order_dispatch" [ProviderManager],
    /// Rate by a follow-up call, confirm for an elder, open a dispute.
    OrderFollowUp "order_follow_up" [Operator VillageStaff TownStaff],
    /// The worker's own visits: set out, check in, checklist, photo, check out.
    VisitDo "visit_do" [Worker],
    /// See photos and positions of visits one may see.
    EvidenceRead "evidence_read" [Operator VillageStaff TownStaff CountyStaff CityStaff ProviderManager Worker Finance],
    /// See payment lists.
    SettlementRead "settlement_read" [TownStaff CountyStaff CityStaff ProviderManager Finance],
    /// Close a quarter: make the lists.
    SettlementRun "settlement_run" [CountyStaff],
    /// Town's review of a list.
    SettlementTown "settlement_town" [TownStaff],
    /// County's review of a list.
    SettlementCounty "settlement_county" [CountyStaff],
    /// Finance: approve and pay.
    SettlementPay "settlement_pay" [Finance],
    /// A provider disputes a line of its own list.
    SettlementDispute "settlement_dispute" [ProviderManager],
    /// See assessments of one's region; an assessor sees those appointed to them.
    AssessmentRead "assessment_read" [Operator VillageStaff TownStaff CountyStaff CityStaff Assessor],
    /// Apply for an assessment, object to a result.
    AssessmentApply "assessment_apply" [Operator VillageStaff TownStaff CountyStaff],
    /// Appoint assessors, cancel, recognise another department's result.
    AssessmentArrange "assessment_arrange" [TownStaff CountyStaff],
    /// Assess and sign as the assessor one is.
    AssessmentDo "assessment_do" [Assessor],
    /// Keep the register of assessors, draw quality samples, settle levels a standard leaves open.
    AssessmentSupervise "assessment_supervise" [CountyStaff CityStaff],
    /// Read assessment scales.
    ScaleRead "scale_read" [Operator VillageStaff TownStaff CountyStaff CityStaff Assessor Administrator],
    /// Accept scales, load own ones, settle what a standard leaves open.
    ScaleManage "scale_manage" [Administrator],
    /// See alarms and emergencies of one's region.
    SafetyRead "safety_read" [Operator VillageStaff TownStaff CountyStaff CityStaff],
    /// Take an emergency, call, send help, hand over, close it.
    SafetyHandle "safety_handle" [Operator TownStaff CountyStaff],
    /// Keep what helps at the door: lock, keys, medication, consent, helpers near by, accounts of the family.
    SafetyPrepare "safety_prepare" [Operator VillageStaff TownStaff CountyStaff],
    /// See the device estate of one's region.
    DeviceRead "device_read" [Operator VillageStaff TownStaff CountyStaff CityStaff Administrator],
    /// Register devices, singly or from a file; stock, repair, out of use. Whose they are is `SafetyPrepare`.
    DeviceKeep "device_keep" [Operator VillageStaff TownStaff CountyStaff Administrator],
    /// Keep who is on duty and the ladder that is climbed when nobody answers.
    SafetyArrange "safety_arrange" [CountyStaff CityStaff],
    /// An elder's or family member's own page: call for help, see how it goes.
    OwnCare "own_care" [Elder Family],
    /// Accounts, organisations, API keys.
    AccessManage "access_manage" [Administrator],
    /// Read the audit log.
    AuditRead "audit_read" [Administrator],
    /// See jobs and their progress.
    WorkRead "work_read" [VillageStaff TownStaff CountyStaff CityStaff Finance Administrator],
}

impl Permission {
    /// 县民政、市民政
    pub fn holders_zh(self) -> String {
        self.holders().iter().map(|r| r.zh()).collect::<Vec<_>>().join("、")
    }
}

impl Role {
    pub fn may(self, permission: Permission) -> bool {
        permission.holders().contains(&self)
    }
    /// Second factor is required (spec: administrators and finance).
    pub const fn needs_totp(self) -> bool {
        matches!(self, Role::Administrator | Role::Finance)
    }
    /// The role belongs to a provider and sees only its organisation.
    pub const fn of_provider(self) -> bool {
        matches!(self, Role::ProviderManager | Role::Worker)
    }
}
