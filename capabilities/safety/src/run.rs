//! The loop that does what nobody asks for. Beside the job runner, so that no long job makes a rung late.
use crate::Bell;
use crate::readings::{self, Telemetry, Watching};
use crate::service::{self, Channel, Loud};
use kernel::Permission;
use std::sync::Arc;
use std::time::Duration;
use store::Sole;
use tokio::sync::watch;
use tokio::task::JoinHandle;
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

/// Looks what is loud now, and puts it on every page.
pub(crate) async fn look_loud(app: &App) {
    let place = app.site().region;
    let mut loud = match service::loud(app.db()).await {
        Ok(loud) => loud,
        Err(e) => {
            tracing::error!(error = %e, "the watch could not tell what is loud");
            let text = "数据库没有应答：报警和页面可能是旧的，先查数据库".to_string();
            vec![Loud { region: place, text, href: "/safety/duty" }]
        }
    };
    let watching = app.thing::<Watching>().ok();
    if let Some(stats) = watching.as_ref().and_then(|w| w.stats()) {
        loud.extend(service::troubles(app.db(), place, stats).await);
    }
    show(app, loud);
}

/// Runs until `stop` turns true. Errors are logged and tried again; the loop does not end on them. Of several processes
/// one does the work (it climbs, delivers, passes on) and the others follow as soon as it is gone; what is loud stands on
/// the pages of each. `works`: whether this process may be the one.
pub async fn run(app: App, channel: Arc<dyn Channel>, works: bool, mut stop: watch::Receiver<bool>) {
    let bell = app.thing::<Bell>().ok();
    let mut turn: Option<Turn> = None;
    loop {
        if works {
            turn = Turn::keep(turn, &app, &channel, &stop).await;
        }
        if turn.is_some() {
            match service::look(app.db(), &app.regions()).await {
                Ok(l) if l.any() => {
                    if let Some(b) = &bell {
                        b.ring();
                    }
                }
                Ok(_) => {}
                Err(e) => tracing::error!(error = %e, "the watch over open cases could not look"),
            }
        }
        look_loud(&app).await;
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The right to do the work, with the loops beside it; they end with it.
struct Turn {
    sole: Sole,
    beside: [JoinHandle<()>; 2],
}

impl Drop for Turn {
    fn drop(&mut self) {
        for task in &self.beside {
            task.abort();
        }
    }
}

impl Turn {
    async fn keep(
        had: Option<Turn>,
        app: &App,
        channel: &Arc<dyn Channel>,
        stop: &watch::Receiver<bool>,
    ) -> Option<Turn> {
        if let Some(mut turn) = had
            && turn.sole.held().await
        {
            return Some(turn);
        }
        match app.db().sole("ladder").await {
            Ok(sole) => sole.map(|sole| Turn {
                sole,
                beside: [
                    tokio::spawn(deliver(app.clone(), channel.clone(), stop.clone())),
                    tokio::spawn(pass_on(app.clone(), stop.clone())),
                ],
            }),
            Err(e) => {
                tracing::error!(error = %e, "the watch over open cases could not ask whose turn it is");
                None
            }
        }
    }
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

/// What the watch has to say to open cases, and devices that fell silent: beside the rungs, so that a storm of a thousand
/// silent devices makes none late.
async fn pass_on(app: App, mut stop: watch::Receiver<bool>) {
    let Ok(telemetry) = app.thing::<Telemetry>() else { return };
    loop {
        match readings::pass_on(app.db(), &telemetry.0).await {
            Ok(0) => {}
            Ok(_) => {
                if let Ok(b) = app.thing::<Bell>() {
                    b.ring();
                }
            }
            Err(e) => tracing::error!(error = %e, "what the watch has to say could not be passed on"),
        }
        tokio::select! {
            _ = stop.changed() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
