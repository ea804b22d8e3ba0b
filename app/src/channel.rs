//! The way out to telephones: one HTTP address of the site's own, in front of whatever carries its messages.
//!
//! A message is a POST of `{"id", "kind", "to", "text"}` as JSON with the token as bearer. 2xx with `{"reference": "…"}`
//! means it was taken, with `"state": "delivered"` that it arrived; 4xx that it never will be; all else that it is tried
//! again. What becomes of it later is told to `POST /api/v1/safety/notices/{id}/receipt`.
use async_trait::async_trait;
use safety::service::{Channel, Message, Taken};
use std::time::Duration;

/// How long one message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The channel of a configuration.
pub struct Http {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
}

impl Http {
    pub fn new(url: String, token: Option<String>) -> Http {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
        Http { agent: config.into(), url, token }
    }
}

/// What an answer means.
fn taken(status: u16, body: &str) -> Taken {
    let said = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
    let reference = said.get("reference").and_then(|r| r.as_str()).unwrap_or_default().to_string();
    match status {
        200..=299 if said.get("state").and_then(|s| s.as_str()) == Some("delivered") => Taken::Delivered(reference),
        200..=299 => Taken::HandedOver(reference),
        408 | 425 | 429 => Taken::Later(format!("短信通道忙（{status}）")),
        400..=499 => Taken::Refused(format!("短信通道不收（{status}）")),
        _ => Taken::Later(format!("短信通道出错（{status}）")),
    }
}

#[async_trait]
impl Channel for Http {
    fn ready(&self) -> bool {
        true
    }
    async fn send(&self, m: &Message) -> Taken {
        let (agent, url, token) = (self.agent.clone(), self.url.clone(), self.token.clone());
        let body =
            serde_json::json!({ "id": m.id.to_string(), "kind": m.kind, "to": m.to, "text": m.text }).to_string();
        let id = m.id.to_string();
        let asked = tokio::task::spawn_blocking(move || {
            let mut request =
                agent.post(&url).header("content-type", "application/json").header("idempotency-key", &id);
            if let Some(t) = &token {
                request = request.header("authorization", format!("Bearer {t}"));
            }
            let mut answer = request.send(body)?;
            let text = answer.body_mut().with_config().limit(64 << 10).read_to_string().unwrap_or_default();
            Ok::<(u16, String), ureq::Error>((answer.status().as_u16(), text))
        });
        match asked.await {
            Ok(Ok((status, text))) => taken(status, &text),
            Ok(Err(_)) => Taken::Later("短信通道连不上".into()),
            Err(_) => Taken::Later("短信通道没有答".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_channel_says_counts() {
        assert_eq!(taken(202, r#"{"reference":"a1"}"#), Taken::HandedOver("a1".into()));
        assert_eq!(taken(200, r#"{"reference":"a1","state":"delivered"}"#), Taken::Delivered("a1".into()));
        assert!(matches!(taken(422, ""), Taken::Refused(_)));
        for later in [429, 500, 503, 302] {
            assert!(matches!(taken(later, "<html>"), Taken::Later(_)), "{later}");
        }
    }
}
