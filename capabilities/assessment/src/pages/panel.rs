//! What an elder's page shows of assessments.
use super::mark;
use super::record::step_zh;
use crate::book::Scales;
use crate::model::Purpose;
use crate::service;
use askama::Template;
use async_trait::async_trait;
use kernel::{ElderId, Permission, Result, Scope};
use people::model::ElderCard;
use people::service::{Panel, PanelHtml, Slot, TimelineItem};
use store::Db;
use web::{App, Mark, Viewer};

/// Assessments shown, and looked at for the timeline.
const SHOWN: i64 = 4;
const EVENTS: i64 = 20;

struct Line {
    href: String,
    scale: String,
    level: String,
    about: String,
    mark: Mark,
    word: String,
}

#[derive(Template)]
#[template(path = "assessment/panel.html")]
struct View {
    lines: Vec<Line>,
    due: String,
    new: Option<String>,
    recognise: Option<String>,
}

/// The assessments of an elder, on the elder's page.
pub(crate) struct AssessmentPanel;

#[async_trait]
impl Panel for AssessmentPanel {
    fn order(&self) -> i32 {
        20
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::AssessmentRead) {
            return Ok(None);
        }
        let scales = app.thing::<Scales>()?;
        let today = app.clock().today();
        let all = service::of_elder(app.db(), &viewer.scope, elder.id, EVENTS).await?;
        let in_force = all.iter().any(|c| c.in_force(today));
        let under_way = all.iter().any(|c| c.state.open() && c.purpose != Purpose::Quality);
        let here = elder.present(today);
        let due = if !here || in_force || under_way {
            String::new()
        } else if elder.age(today) >= 80 {
            "80 岁以上，没有有效的评估，要评一次".into()
        } else {
            String::new()
        };
        let lines = all
            .iter()
            .take(SHOWN as usize)
            .map(|c| {
                let (mark, word) = mark(c, today);
                Line {
                    href: format!("/assessments/{}", c.id),
                    scale: scales.title(&c.scale),
                    level: c.level_zh.clone().unwrap_or_default(),
                    about: match (c.valid_until, c.starts_at) {
                        (Some(until), _) => format!("有效期至 {until}"),
                        (None, Some(at)) => format!("约在 {}", at.stamp()),
                        (None, None) => c.created_at.date().to_string(),
                    },
                    mark,
                    word,
                }
            })
            .collect();
        let may = |p, path: &str| (here && viewer.may(p)).then(|| format!("{path}?elder={}", elder.id));
        let view = View {
            lines,
            due,
            new: may(Permission::AssessmentApply, "/assessments/new"),
            recognise: may(Permission::AssessmentArrange, "/assessments/recognise"),
        };
        Ok(Some(PanelHtml { slot: Slot::Left, html: view.render().map_err(kernel::Error::internal)? }))
    }
    async fn timeline(&self, db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<TimelineItem>> {
        let mut out = Vec::new();
        for c in service::of_elder(db, scope, elder, EVENTS).await? {
            let sight = service::Sight::all(*scope);
            let href = Some(format!("/assessments/{}", c.id));
            let Ok(events) = service::events(db, &sight, c.id).await else { continue };
            let told = ["apply", "appoint", "conclude", "recognise", "object", "review", "cancel"];
            for e in events.iter().filter(|e| told.contains(&e.step.as_str())) {
                let level = c.level_zh.as_deref().filter(|_| matches!(e.step.as_str(), "conclude" | "recognise"));
                let text = match level {
                    Some(level) => format!("能力评估：{}，{level}", step_zh(&e.step)),
                    None => format!("能力评估：{}", step_zh(&e.step)),
                };
                out.push(TimelineItem {
                    at: e.at,
                    text,
                    who: e.by_name.clone(),
                    bad: e.step == "object",
                    href: href.clone(),
                });
            }
        }
        out.sort_by_key(|i| std::cmp::Reverse(i.at));
        Ok(out)
    }
}
