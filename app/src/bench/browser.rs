//! People with an open page.
use super::Bench;
use super::http::Client;
use access::model::NewAccount;
use kernel::{Result, Role, UserId};
use std::net::SocketAddr;
use store::Db;
use web::App;

/// Somebody signed in.
#[derive(Clone)]
pub struct Browser {
    pub cookie: String,
    /// The token of this session's forms.
    pub csrf: String,
}

impl Browser {
    pub async fn connect(&self, to: SocketAddr) -> Result<Client> {
        Client::connect(to, &self.cookie).await
    }
}

/// Signs somebody in without asking for anything, as the demo does.
pub async fn sign_in(app: &App, user: UserId) -> Result<Browser> {
    let access = app.thing::<access::Access>()?;
    let s = access.demo_login(app.site(), &access::service::Client::default(), user).await?;
    Ok(Browser { cookie: format!("{}={}", access::COOKIE, s.token), csrf: web::csrf_token(app, s.session) })
}

/// An operator of the whole installation.
pub async fn operator(b: &Bench, db: &Db, login: &str) -> Result<UserId> {
    let new = NewAccount {
        login: login.into(),
        name: "何晓燕".into(),
        role: Role::Operator,
        region: b.config.region,
        org: None,
        worker: None,
        password: None,
        must_change: false,
    };
    let tx = db.begin().await?;
    let user = access::service::create_account(&tx, db, &crate::wire::platform(&b.config, "bench"), new).await?;
    tx.commit().await?;
    Ok(user)
}
