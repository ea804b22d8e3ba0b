//! One form page for everything that is asked on one page.
use super::again;
use askama::Template;
use web::axum::response::Response;
use web::{Form, Page, html};

/// One thing that is asked.
pub(super) struct Input {
    pub kind: &'static str,
    pub label: String,
    pub name: &'static str,
    pub value: String,
    pub hint: String,
    pub options: Vec<(String, String)>,
    pub optional: bool,
}

impl Input {
    fn new(kind: &'static str, label: &str, name: &'static str, form: &Form) -> Input {
        let (value, hint, options) = (form.raw(name).to_string(), String::new(), Vec::new());
        Input { kind, label: label.into(), name, value, hint, options, optional: false }
    }
    pub fn text(label: &str, name: &'static str, form: &Form) -> Input {
        Input::new("text", label, name, form)
    }
    pub fn date(label: &str, name: &'static str, form: &Form) -> Input {
        Input::new("date", label, name, form)
    }
    pub fn number(label: &str, name: &'static str, form: &Form) -> Input {
        Input::new("number", label, name, form)
    }
    pub fn area(label: &str, name: &'static str, form: &Form) -> Input {
        Input::new("textarea", label, name, form)
    }
    /// A text of many lines.
    pub fn document(label: &str, name: &'static str, form: &Form) -> Input {
        Input::new("document", label, name, form)
    }
    pub fn select(label: &str, name: &'static str, form: &Form, options: Vec<(String, String)>) -> Input {
        Input { options, ..Input::new("select", label, name, form) }
    }
    pub fn radios(label: &str, name: &'static str, form: &Form, options: Vec<(String, String)>) -> Input {
        Input { options, ..Input::new("radios", label, name, form) }
    }
    pub fn hint(mut self, hint: impl Into<String>) -> Input {
        self.hint = hint.into();
        self
    }
    pub fn optional(mut self) -> Input {
        self.optional = true;
        self
    }
}

/// Codes and words as a select takes them.
pub(super) fn words(options: Vec<(&'static str, &'static str)>) -> Vec<(String, String)> {
    options.into_iter().map(|(c, w)| (c.to_string(), w.to_string())).collect()
}

#[derive(Template)]
#[template(path = "assessment/form.html")]
pub(super) struct FormPage {
    pub page: Page,
    pub sub: String,
    pub action: String,
    pub inputs: Vec<Input>,
    /// Values that go along unseen.
    pub hidden: Vec<(&'static str, String)>,
    pub verb: &'static str,
    pub back: String,
    /// What happens then, or why it is asked: heading and sentences.
    pub aside: Vec<(&'static str, Vec<String>)>,
}

impl FormPage {
    pub fn draw(self) -> web::Result<Response> {
        let wrong = !self.page.errors.is_empty();
        let drawn = html(&self)?;
        Ok(if wrong { again(drawn) } else { drawn })
    }
}
