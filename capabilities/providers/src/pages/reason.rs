//! One form for acts that ask for a reason: what will happen as lines, the reason, the verb.
use askama::Template;
use kernel::FieldError;
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

pub(super) struct Ask<'a> {
    pub(super) nav: &'a str,
    pub(super) title: String,
    /// (icon, what, figure)
    pub(super) lines: Vec<(&'static str, String, String)>,
    pub(super) hint: &'static str,
    pub(super) verb: &'static str,
    pub(super) back: String,
    /// It takes something from a person.
    pub(super) danger: bool,
}

#[derive(Template)]
#[template(path = "providers/reason.html")]
struct ReasonPage {
    page: Page,
    form: Form,
    lines: Vec<(&'static str, String, String)>,
    hint: &'static str,
    verb: &'static str,
    back: String,
    danger: bool,
}

pub(super) fn draw(
    app: &App,
    viewer: &Viewer,
    ask: Ask<'_>,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    web::html(&ReasonPage {
        page: Page::new(app, viewer, ask.title).at(ask.nav).errors(errors),
        form,
        lines: ask.lines,
        hint: ask.hint,
        verb: ask.verb,
        back: ask.back,
        danger: ask.danger,
    })
}
