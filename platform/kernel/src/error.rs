//! What went wrong: for the user in Chinese, for the log in English.

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A message tied to one field of a form or one column of a row. `message` is Chinese and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: message.into() }
    }
}

/// The one error of all services. Messages of `Invalid`, `Refused`, `Conflict`, `Forbidden` and `NotFound` are shown to
/// the user (Chinese); `Internal` is logged (English, ids only) and shown as a plain apology with a number.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: it does not exist, or the viewer may not know that it does.
    #[error("not found: {0}")]
    NotFound(String),
    /// 401: nobody is signed in.
    #[error("sign-in needed")]
    SignIn,
    /// 403: signed in, but this is not the viewer's to do. Says who may.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// 422: fields to correct.
    #[error("{} invalid fields", .0.len())]
    Invalid(Vec<FieldError>),
    /// 422: a rule of the business refuses it; the sentence says why and what to do.
    #[error("refused: {0}")]
    Refused(String),
    /// 409: someone else changed it meanwhile.
    #[error("conflict: {0}")]
    Conflict(String),
    /// 500: ours to repair.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Invalid(vec![FieldError::new(field, message)])
    }
    pub fn refused(message: impl Into<String>) -> Error {
        Error::Refused(message.into())
    }
    pub fn internal(cause: impl std::fmt::Display) -> Error {
        Error::Internal(cause.to_string())
    }
    /// The Chinese sentence for the user.
    pub fn user_message(&self) -> String {
        match self {
            Error::NotFound(what) => format!("没有找到{what}"),
            Error::SignIn => "请先登录".into(),
            Error::Forbidden(m) | Error::Refused(m) | Error::Conflict(m) => m.clone(),
            Error::Invalid(fields) => fields.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("；"),
            Error::Internal(_) => "这一步没做成，是我们的问题。内容没有丢，稍后再试".into(),
        }
    }
}
