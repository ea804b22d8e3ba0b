//! The pages and the JSON answers, through the finished router.
#![allow(clippy::unwrap_used)]

use crate::common::*;
use assessment::Scales;
use assessment::model::State;
use assessment::service;
use kernel::{AssessmentId, Role};
use scales::ConditionAnswer;
use std::sync::Arc;
use store::testing::TestDb;
use web::Viewer;
use web::axum::http::StatusCode;
use web::testing::{Answer, viewer};

struct House {
    t: TestDb,
    s: Stage,
}

impl House {
    async fn new() -> House {
        let t = store::testing::sqlite(&migrations()).await;
        let s = stage(&t.db).await;
        House { t, s }
    }
    fn staff(&self, role: Role, code: &str) -> Viewer {
        viewer(&self.t.db, role, scope(code))
    }
    fn assessor(&self, who: &Who) -> Viewer {
        let mut v = viewer(&self.t.db, Role::Assessor, scope(COUNTY));
        v.user = who.actor.user_id().unwrap();
        v
    }
    async fn ask(&self, v: &Viewer, path: &str, form: Option<&str>) -> Answer {
        let regions = people::service::load_book(&self.t.db).await.unwrap();
        let stage = web::testing::Stage {
            db: &self.t.db,
            region: region(CITY),
            regions,
            nav: assessment::nav,
            routes: assessment::routes,
            things: vec![Arc::new(Scales::shipped().unwrap())],
        };
        stage.ask(v, path, form).await
    }
    async fn appointed(&self) -> AssessmentId {
        let id = self.s.apply(GBT).await;
        self.s.appoint(id, self.s.at_home(&self.s.physician, Some(&self.s.nurse))).await.unwrap();
        id
    }
}

#[tokio::test]
async fn the_list_shows_narrows_and_exports_what_is_in_the_region() {
    let h = House::new().await;
    let id = h.appointed().await;
    let case = h.s.case(id).await;
    let county = h.staff(Role::CountyStaff, COUNTY);
    let page = h.ask(&county, "/assessments?view=today", None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(&case.no) && page.text.contains("彭运招") && page.text.contains("已约"));
    let none = h.ask(&county, "/assessments?state=final", None).await.text;
    assert!(!none.contains(&case.no) && none.contains("进度：已生效"), "a chip says what is narrowed");
    let far = h.ask(&h.staff(Role::CountyStaff, OTHER_COUNTY), "/assessments", None).await.text;
    assert!(!far.contains(&case.no));
    let stranger = h.ask(&h.assessor(&h.s.social), "/assessments", None).await.text;
    assert!(!stranger.contains(&case.no), "an assessor who is not appointed");
    let mine = h.ask(&h.assessor(&h.s.nurse), "/assessments", None).await.text;
    assert!(mine.contains(&format!("/assess/{id}")), "what is open leads to the phone's page");
    let sheet = h.ask(&county, "/assessments?export=xlsx", None).await;
    assert_eq!(sheet.status, StatusCode::OK);
}

#[tokio::test]
async fn the_appointment_form_says_why_somebody_may_not_be_chosen_and_keeps_what_was_typed() {
    let h = House::new().await;
    let id = h.s.apply(GBT).await;
    service::declare(&h.t.db, &h.s.nurse.actor, h.s.nurse.id, h.s.elder, "儿媳").await.unwrap();
    let clerk = h.staff(Role::TownStaff, TOWN);
    let path = format!("/assessments/{id}/appoint");
    let page = h.ask(&clerk, &path, None).await.text;
    assert!(page.contains("是老人的儿媳，要回避") && page.contains("上门要两人"));
    let form =
        format!("version=1&place=home&day=2026-11-21&time=15:40&first={}&second={}", h.s.physician.id, h.s.nurse.id);
    let refused = h.ask(&clerk, &path, Some(&form)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("曾美兰是老人的儿媳，要回避") && refused.text.contains("15:40"));
    let taken = h.ask(&clerk, &path, Some(&form.replace(&h.s.nurse.id.to_string(), &h.s.social.id.to_string()))).await;
    assert_eq!(taken.to, format!("/assessments/{id}?done=appointed"));
    let stale = h.ask(&clerk, &path, Some(&form)).await;
    assert!(stale.text.contains("有人先动了这次评估"));
}

#[tokio::test]
async fn without_scripts_an_assessment_is_a_form_an_item() {
    let h = House::new().await;
    let id = h.appointed().await;
    let doctor = h.assessor(&h.s.physician);
    let first = h.ask(&doctor, &format!("/assess/{id}/items/1"), None).await.text;
    assert!(first.contains("进食") && first.contains("全靠喂") && first.contains("下一项：修饰"));
    let answer = |step: usize, form: &str| {
        let (path, form) = (format!("/assess/{id}/items/{step}"), form.to_string());
        let (h, doctor) = (&h, &doctor);
        async move { h.ask(doctor, &path, Some(&form)).await }
    };
    let next = answer(1, "base=0&key=a&answer=3&note=右手抖&go=next").await;
    assert_eq!(next.to, format!("/assess/{id}/items/2"));
    let again = answer(1, "base=0&key=a&answer=3&note=右手抖&go=next").await;
    assert_eq!(again.to, next.to, "pressed twice is once");
    let back = answer(2, "base=1&key=b&answer=2&go=back").await;
    assert_eq!(back.to, format!("/assess/{id}/items/1"));
    let wrong = answer(3, "base=2&key=c&answer=99&go=next").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("没有“99”这个选项"));
    let view = service::work(&h.t.db, &h.s.scales, &h.s.nurse.actor, id).await.unwrap();
    assert_eq!((view.version, view.sheet.answers.len()), (2, 2));
    assert_eq!(view.sheet.notes["B.1.1"], "右手抖");
    let shown = h.ask(&doctor, &format!("/assess/{id}/items/1"), None).await.text;
    assert!(shown.contains("value=\"3\" checked") && shown.contains("右手抖"));
    let falls = h.ask(&doctor, &format!("/assess/{id}/items/29"), None).await.text;
    assert!(falls.contains("最近 30 天跌倒过几次") && falls.contains("3 次以上"));
    assert_eq!(h.ask(&doctor, &format!("/assess/{id}/items/34"), None).await.status, StatusCode::NOT_FOUND);
    let check = h.ask(&doctor, &format!("/assess/{id}/check"), None).await.text;
    assert!(check.contains("还有 31 项没填") && !check.contains("提交，去签字"));
    let overview = h.ask(&doctor, &format!("/assess/{id}"), None).await.text;
    assert!(overview.contains("data-runner") && overview.contains("接着评"), "the page that works without signal");
}

#[tokio::test]
async fn a_result_is_explained_printed_and_exchanged() {
    let h = House::new().await;
    let scale = h.s.scale(GBT).await;
    let mut sheet = filled(&scale, 50);
    sheet.conditions.insert("risk_fall".into(), ConditionAnswer::Count(2));
    let case = h.s.assessed(GBT, [&h.s.physician, &h.s.nurse], &sheet).await;
    let county = h.staff(Role::CountyStaff, COUNTY);
    let page = h.ask(&county, &format!("/assessments/{}", case.id), None).await.text;
    for text in ["升为", "最近 30 天跌倒过几次？2 次", "六项指标", "有效期至", "2027-11-20", "提出异议"]
    {
        assert!(page.contains(text), "{text}");
    }
    let paper = h.ask(&county, &format!("/assessments/{}/print", case.id), None).await.text;
    assert!(paper.contains("评估结果是") && paper.contains("2026-12-20 以前可以提出异议"));
    let json = h.ask(&county, &format!("/api/v1/assessments/{}/fhir", case.id), None).await;
    let bundle: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    let kinds: Vec<_> =
        bundle["entry"].as_array().unwrap().iter().map(|e| e["resource"]["resourceType"].clone()).collect();
    assert_eq!(kinds, ["QuestionnaireResponse", "Observation"]);
    let (response, result) = (&bundle["entry"][0]["resource"], &bundle["entry"][1]["resource"]);
    assert_eq!(response["status"], "completed");
    assert_eq!(response["subject"]["reference"], format!("Patient/{}", case.elder));
    assert_eq!(result["performer"].as_array().unwrap().len(), 2);
    assert_eq!(result["interpretation"][0]["text"], case.level_zh.clone().unwrap());
    let form = h.ask(&county, "/api/v1/questionnaires/gbt-42195-2022", None).await;
    let form: serde_json::Value = serde_json::from_str(&form.text).unwrap();
    assert_eq!(form["resourceType"], "Questionnaire");
    let open = h.s.apply(GBT).await;
    let none = h.ask(&county, &format!("/api/v1/assessments/{open}/fhir"), None).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_phones_interface_answers_in_json() {
    let h = House::new().await;
    let id = h.appointed().await;
    let doctor = h.assessor(&h.s.physician);
    let path = format!("/api/v1/assessments/{id}/answers");
    let body = r#"{"key":"k1","base":0,"sheet":{"answers":{"B.1.1":"4"},"conditions":{"risk_fall":2}},"device_at":1}"#;
    for _ in 0..2 {
        let got = h.ask(&doctor, &path, Some(body)).await;
        let got: serde_json::Value = serde_json::from_str(&got.text).unwrap();
        assert_eq!(
            (got["version"].clone(), got["clashes"].clone(), got["state"].clone()),
            (1.into(), 0.into(), "in_progress".into())
        );
        assert_eq!(got["sheet"]["conditions"]["risk_fall"], 2);
    }
    let broken = h.ask(&doctor, &path, Some("{")).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let stranger = h.ask(&h.assessor(&h.s.other), &path, Some(body)).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn scales_are_read_loaded_with_their_faults_named_and_accepted() {
    let h = House::new().await;
    let admin = h.staff(Role::Administrator, CITY);
    let list = h.ask(&admin, "/scales", None).await.text;
    assert!(list.contains("待核对，结果先不作数") && list.contains("已核对启用"));
    let page = h.ask(&admin, "/scales/mzt-039-2013", None).await.text;
    assert!(page.contains("不代为选择") && page.contains("核对并启用") && page.contains("设定未写明之处"));
    let fault = h.ask(&admin, "/scales/load", Some("text=format+%3D+1%0Aid+%3D+1%0A")).await;
    assert_eq!(fault.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(fault.text.contains("第 2 行"), "the fault's place");
    let own = h.s.scale(MORSE).await.text.replace("id = \"morse\"", "id = \"morse-local\"");
    let encoded: String = own.bytes().map(|b| format!("%{b:02X}")).collect();
    let loaded = h.ask(&admin, "/scales/load", Some(&format!("text={encoded}"))).await;
    assert_eq!(loaded.to, "/scales/morse-local?done=loaded");
    let confirm = h.ask(&admin, "/scales/mzt-039-2013/accept", None).await.text;
    assert!(confirm.contains("对照标准原文看过这几处"));
    let empty = h.ask(&admin, "/scales/mzt-039-2013/accept", Some("seen=0&note=")).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let clerk = h.ask(&h.staff(Role::TownStaff, TOWN), "/scales/mzt-039-2013/accept", None).await;
    assert_eq!(clerk.status, StatusCode::FORBIDDEN);
    let settled = h
        .ask(&admin, "/scales/mzt-039-2013/settings", Some("combining=higher_level&stacking=once&reason=市局文"))
        .await;
    assert_eq!(settled.to, "/scales/mzt-039-2013?done=set");
    assert!(h.ask(&admin, "/scales/mzt-039-2013", None).await.text.contains("取较重的一级"));
}

#[tokio::test]
async fn the_day_shows_what_waits_and_a_signature_leads_on() {
    let h = House::new().await;
    let id = h.appointed().await;
    let nurse = h.assessor(&h.s.nurse);
    let day = h.ask(&nurse, "/assess", None).await.text;
    assert!(day.contains("今天 1 家") && day.contains("彭运招"));
    let scale = h.s.scale(GBT).await;
    h.s.send(&h.s.physician, id, "k", 0, &filled(&scale, 50)).await.unwrap();
    let submitted = h.ask(&nurse, &format!("/assess/{id}/submit"), Some("")).await;
    assert_eq!(submitted.to, format!("/assess/{id}/sign?done=submitted"));
    let waits = h.ask(&nurse, "/assess", None).await.text;
    assert!(waits.contains("等你们签字"));
    let version = h.s.version(id).await;
    let one = h.ask(&nurse, &format!("/assess/{id}/sign"), Some(&format!("version={version}"))).await;
    assert_eq!(one.to, format!("/assess/{id}/sign?done=signed"));
    let doctor = h.assessor(&h.s.physician);
    let both = h.ask(&doctor, &format!("/assess/{id}/sign"), Some(&format!("version={}", version + 1))).await;
    assert_eq!(both.to, format!("/assess/{id}/sign?done=final"));
    assert_eq!(h.s.case(id).await.state, State::Final);
    let unknown = h.ask(&viewer(&h.t.db, Role::Assessor, scope(COUNTY)), "/assess", None).await.text;
    assert!(unknown.contains("还没有登记为评估员"));
}

#[tokio::test]
async fn an_application_needs_an_elder_and_is_made_once() {
    let h = House::new().await;
    let clerk = h.staff(Role::TownStaff, TOWN);
    let pick = h.ask(&clerk, "/assessments/new?q=彭运招", None).await.text;
    assert!(pick.contains(&format!("/assessments/new?elder={}", h.s.elder)));
    let path = format!("/assessments/new?elder={}", h.s.elder);
    let form = "scale=gbt-42195-2022&reason=change&note=摔过";
    let made = h.ask(&clerk, &path, Some(form)).await;
    assert!(made.to.ends_with("?done=applied"), "{}", made.to);
    let twice = h.ask(&clerk, &path, Some(form)).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("还没做完，不用再申请") && twice.text.contains("摔过"));
    let far = h.ask(&h.staff(Role::CountyStaff, OTHER_COUNTY), &path, Some(form)).await;
    assert_eq!(far.status, StatusCode::NOT_FOUND);
}
