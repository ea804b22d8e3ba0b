//! Forms: what was typed is kept, every wrong field is named at once.
use crate::{App, PageError};
use axum::extract::{FromRequest, Multipart, Request};
use kernel::{Error, FieldError, Result};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A submitted form. Read fields one by one, then call [`Form::done`]: it fails with every error found.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl Form {
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Form {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (k, v) in pairs {
            values.entry(k).or_default().push(v);
        }
        Form { values, errors: Vec::new() }
    }
    /// As typed, or empty: for showing the form again.
    pub fn raw(&self, name: &str) -> &str {
        self.values.get(name).and_then(|v| v.first()).map(String::as_str).unwrap_or("")
    }
    /// All values of a repeated field (check boxes).
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map(Vec::as_slice).unwrap_or(&[])
    }
    /// Trimmed text; `None` when empty.
    pub fn opt(&self, name: &str) -> Option<String> {
        let t = self.raw(name).trim();
        (!t.is_empty()).then(|| t.to_string())
    }
    pub fn checked(&self, name: &str) -> bool {
        matches!(self.raw(name), "on" | "1" | "true" | "yes")
    }
    pub fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
    /// Text that must be there, at most `max` characters. `label` is the field's Chinese name.
    pub fn text(&mut self, name: &str, label: &str, max: usize) -> String {
        match self.opt(name) {
            None => {
                self.error(name, format!("{label}没有填"));
                String::new()
            }
            Some(t) => {
                let n = t.chars().count();
                if n > max {
                    self.error(name, format!("{label}最多 {max} 字，现在 {n} 字"));
                }
                t
            }
        }
    }
    /// A parsed value; empty is `None`, wrong is an error with the parser's own sentence.
    pub fn parse<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: ToString,
    {
        let t = self.opt(name)?;
        match t.parse::<T>() {
            Ok(v) => Some(v),
            Err(e) => {
                self.error(name, e.to_string());
                None
            }
        }
    }
    /// A parsed value that must be there.
    pub fn need<T>(&mut self, name: &str, label: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: ToString,
    {
        if self.opt(name).is_none() {
            self.error(name, format!("{label}没有填"));
            return None;
        }
        self.parse(name)
    }
    /// One of an enum's codes.
    pub fn choice<T>(&mut self, name: &str, label: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        match self.opt(name) {
            None => {
                self.error(name, format!("{label}没有选"));
                None
            }
            Some(t) => {
                let v = parse(&t);
                if v.is_none() {
                    self.error(name, format!("{label}没有“{t}”这一项"));
                }
                v
            }
        }
    }
    /// # Errors
    /// `Invalid` with all errors gathered so far.
    pub fn done(&self) -> Result<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(Error::Invalid(self.errors.clone())) }
    }
}

impl FromRequest<App> for Form {
    type Rejection = PageError;
    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, PageError> {
        let axum::Form(pairs) = axum::Form::<Vec<(String, String)>>::from_request(request, app)
            .await
            .map_err(|_| Error::refused("表单没有收全，返回再提交一次"))?;
        Ok(Form::from_pairs(pairs))
    }
}

/// A multipart form with at most one file. The token stands in the form's action (`?_csrf=`), because the guard reads
/// no file bodies.
#[derive(Debug, Default)]
pub struct Upload {
    pub form: Form,
    pub file_name: String,
    pub bytes: Vec<u8>,
}

impl Upload {
    /// The largest file taken (an Excel of 100,000 rows has about 12 MB).
    pub const MAX_BYTES: usize = 40 << 20;
}

impl FromRequest<App> for Upload {
    type Rejection = PageError;
    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, PageError> {
        let broken = || PageError(Error::refused("文件没有收全，再选一次"));
        let mut multipart = Multipart::from_request(request, app).await.map_err(|_| broken())?;
        let (mut pairs, mut out) = (Vec::new(), Upload::default());
        while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_string();
            match field.file_name().map(str::to_string) {
                Some(file) => {
                    let bytes = field.bytes().await.map_err(|_| {
                        PageError(Error::refused(format!("文件太大，最多 {} MB", Upload::MAX_BYTES >> 20)))
                    })?;
                    if !bytes.is_empty() {
                        out.file_name = file;
                        out.bytes = bytes.to_vec();
                    }
                }
                None => pairs.push((name, field.text().await.map_err(|_| broken())?)),
            }
        }
        out.form = Form::from_pairs(pairs);
        Ok(out)
    }
}
