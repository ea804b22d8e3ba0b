//! Errors as pages. Handlers return [`Result`]; the outer layer renders the page with the viewer's shell.
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Error;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

pub type Result<T, E = PageError> = std::result::Result<T, E>;

/// A service's error on its way to the browser.
#[derive(Debug)]
pub struct PageError(pub Error);

impl From<Error> for PageError {
    fn from(e: Error) -> Self {
        PageError(e)
    }
}
impl From<askama::Error> for PageError {
    fn from(e: askama::Error) -> Self {
        PageError(Error::Internal(format!("template: {e}")))
    }
}

/// What the outer layer needs to draw the page.
#[derive(Clone, Debug)]
pub(crate) struct ErrorInfo {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) fields: Vec<kernel::FieldError>,
    /// Number shown to the user and written to the log, so that the two can be brought together.
    pub(crate) reference: Option<String>,
}

pub(crate) fn status_of(e: &Error) -> StatusCode {
    match e {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::SignIn => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Invalid(_) | Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = status_of(&self.0);
        let mut reference = None;
        if let Error::Internal(cause) = &self.0 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
            tracing::error!(%cause, reference = %number, "request failed");
            reference = Some(number);
        }
        let fields = match &self.0 {
            Error::Invalid(f) => f.clone(),
            _ => Vec::new(),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(ErrorInfo { status, message: self.0.user_message(), fields, reference });
        response
    }
}
