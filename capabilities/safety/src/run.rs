//! The loop that does what nobody asks for. Beside the job runner, so that no long job makes a rung late.
use crate::Bell;
use crate::service::{self, Channel, Loud};
use kernel::Permission;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use web::{App, Banner};

/// How often it looks. What is due is done within this and the time the work takes.
const EVERY: Duration = Duration::from_millis(500);

/// Puts what is loud on every page of the centre.
pub fn show(app: &App, loud: Vec<Loud>) {
    let banners = loud
        .into_iter()
        .map(|l| Banner { region: l.region, text: l.text, href: l.href, needs: Permission::SafetyRead })
        .collect();
    app.set_banners(banners);
}

/// Runs until `stop` turns true. Errors are logged and tried again; the loop does not end on them.
pub async fn run(app: App, channel: Arc<dyn Channel>, mut stop: watch::Receiver<bool>) {
    let messages = tokio::spawn(deliver(app.clone(), channel, stop.clone()));
    let bell = app.thing::<Bell>().ok();
    loop {
        let looked = service::look(app.db(), &app.regions()).await;
        match looked {
            Ok(l) if l.any() => {
                if let Some(b) = &bell {
                    b.ring();
                }
            }
            Ok(_) => {}
            Err(e) => tracing::error!(error = %e, "the watch over open cases could not look"),
        }
        match service::loud(app.db()).await {
            Ok(loud) => show(&app, loud),
            Err(e) => tracing::error!(error = %e, "the watch could not tell what is loud"),
        }
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    messages.abort();
}

/// Messages have a loop of their own: a slow channel makes no rung late.
async fn deliver(app: App, channel: Arc<dyn Channel>, mut stop: watch::Receiver<bool>) {
    loop {
        match service::deliver(app.db(), channel.as_ref()).await {
            Ok(0) => {}
            Ok(_) => {
                if let Ok(b) = app.thing::<Bell>() {
                    b.ring();
                }
            }
            Err(e) => tracing::error!(error = %e, "messages could not be handed over"),
        }
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
