//! Accounts, organisations and keys: who may make which.
use crate::common::*;
use access::Access;
use access::model::{NewApiKey, OrgKind};
use access::service::{self, NewWorkerAccount};
use kernel::{Actor, CivilDate, Error, OrgScope, Role, Scope, UserId, WorkerId};
use store::Db;
use store::testing::{NOW, each_engine};
use web::Authenticator;

fn fields(e: Error) -> Vec<String> {
    match e {
        Error::Invalid(f) => f.into_iter().map(|f| f.field).collect(),
        other => panic!("expected field errors, got {other:?}"),
    }
}

fn person(db: &Db, role: Role, at: &str, org: OrgScope) -> Actor {
    let user: UserId = db.new_id();
    Actor::Person { user, name: "测试".into(), role, scope: Scope { region: region(at), org } }
}

#[tokio::test]
async fn a_provider_account_needs_a_providers_organisation() {
    each_engine(&migrations(), |db| async move {
        let provider = org(&db, OrgKind::Provider, "安颐居家服务中心").await;
        let bureau = org(&db, OrgKind::Government, "陆河县民政局").await;
        let make = |login: &str, role, org| new_account(login, role, "441523", org);
        let wrong = async |new| fields(try_account(&db, &platform(), new).await.unwrap_err());
        assert_eq!(wrong(make("manager", Role::ProviderManager, None)).await, ["org"]);
        assert_eq!(wrong(make("manager", Role::ProviderManager, Some(bureau))).await, ["org"]);
        assert_eq!(wrong(make("clerk", Role::CountyStaff, Some(provider))).await, ["org"]);
        assert_eq!(wrong(make("worker", Role::Worker, Some(provider))).await, ["role"]);
        assert_eq!(wrong(make("ab", Role::CountyStaff, None)).await, ["login"]);
        try_account(&db, &platform(), make("manager", Role::ProviderManager, Some(provider))).await.unwrap();
        assert_eq!(wrong(make("Manager ", Role::CountyStaff, None)).await, ["login"], "taken");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_keeps_the_own_region_only() {
    each_engine(&migrations(), |db| async move {
        let admin = person(&db, Role::Administrator, "441523", OrgScope::Any);
        let e = try_account(&db, &admin, new_account("outside", Role::CountyStaff, "441521", None)).await;
        assert_eq!(fields(e.unwrap_err()), ["region"]);
        let e = try_account(&db, &admin, new_account("above", Role::CityStaff, "4415", None)).await;
        assert_eq!(fields(e.unwrap_err()), ["region"]);
        try_account(&db, &admin, new_account("inside", Role::TownStaff, "441523103", None)).await.unwrap();

        let outside = account(&db, "outside", Role::CountyStaff, "441521", None).await;
        let access = Access::new(db.clone(), city());
        assert!(matches!(service::account(&db, &admin, outside).await, Err(Error::NotFound(_))));
        assert!(matches!(access.set_active(&admin, outside, false).await, Err(Error::NotFound(_))));
        assert!(matches!(access.reset_password(&admin, outside).await, Err(Error::NotFound(_))));

        let clerk = person(&db, Role::CountyStaff, "441523", OrgScope::Any);
        let e = try_account(&db, &clerk, new_account("clerk", Role::TownStaff, "441523103", None)).await;
        assert!(matches!(e, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn nobody_stops_or_promotes_oneself() {
    each_engine(&migrations(), |db| async move {
        let admin = account(&db, "admin-a", Role::Administrator, "441523", None).await;
        let scope = Scope { region: region("441523"), org: OrgScope::Any };
        let actor = Actor::Person { user: admin, name: "管理员".into(), role: Role::Administrator, scope };
        let access = Access::new(db.clone(), city());
        assert!(matches!(access.set_active(&actor, admin, false).await, Err(Error::Refused(_))));
        assert!(matches!(access.reset_password(&actor, admin).await, Err(Error::Refused(_))));
        let edit =
            |role| access::model::AccountEdit { name: "新名字".into(), role, region: region("441523"), org: None };
        assert!(matches!(access.update_account(&actor, admin, edit(Role::Finance)).await, Err(Error::Refused(_))));
        access.update_account(&actor, admin, edit(Role::Administrator)).await.expect("a new name is fine");
    })
    .await;
}

#[tokio::test]
async fn a_manager_opens_accounts_for_own_workers_only() {
    each_engine(&migrations(), |db| async move {
        let mine = org(&db, OrgKind::Provider, "安颐居家服务中心").await;
        let other = org(&db, OrgKind::Provider, "长者安康服务社").await;
        let manager = person(&db, Role::ProviderManager, "441523", OrgScope::Org(mine));
        let access = Access::new(db.clone(), city());
        let open = async |org, login: &str| {
            let tx = db.begin().await.unwrap();
            let new = NewWorkerAccount {
                org,
                worker: db.new_id::<WorkerId>(),
                region: region("441523"),
                name: "叶春梅".into(),
                login: login.into(),
                password: None,
            };
            let made = service::create_worker_account(&tx, &db, &manager, new).await;
            if made.is_ok() {
                tx.commit().await.unwrap();
            }
            made
        };
        assert!(matches!(open(other, "ye-other").await, Err(Error::NotFound(_))));
        let worker = open(mine, "yechunmei").await.unwrap();
        let signed = access.demo_login(&site(true), &client(), worker).await.unwrap();
        let viewer = access.viewer(&headers(&signed.token)).await.unwrap().unwrap();
        assert!(matches!(viewer.scope.org, OrgScope::Worker(o, _) if o == mine));
        assert_eq!(viewer.org_name, "安颐居家服务中心");
        access.set_active(&manager, worker, false).await.expect("a manager stops an own worker's account");
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_none());

        let rival = person(&db, Role::ProviderManager, "441523", OrgScope::Org(other));
        assert!(matches!(access.set_active(&rival, worker, true).await, Err(Error::NotFound(_))));
        let colleague = account(&db, "manager-b", Role::ProviderManager, "441523", Some(mine)).await;
        assert!(matches!(access.set_active(&manager, colleague, false).await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn a_stopped_organisation_keeps_its_people_out() {
    each_engine(&migrations(), |db| async move {
        let provider = org(&db, OrgKind::Provider, "安颐居家服务中心").await;
        account(&db, "manager", Role::ProviderManager, "441523", Some(provider)).await;
        let access = Access::new(db.clone(), city());
        let signed = access.sign_in(&client(), "manager", PASSWORD).await.unwrap();
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_some());
        let edit = access::model::NewOrg {
            name: "安颐居家服务中心".into(),
            kind: OrgKind::Provider,
            region: region("441523"),
        };
        service::update_org(&access, &platform(), provider, edit, false).await.unwrap();
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_none());
        assert!(matches!(access.sign_in(&client(), "manager", PASSWORD).await, Err(Error::Refused(_))));
    })
    .await;
}

#[tokio::test]
async fn a_provider_sees_no_other_organisation() {
    each_engine(&migrations(), |db| async move {
        let mine = org(&db, OrgKind::Provider, "安颐居家服务中心").await;
        org(&db, OrgKind::Provider, "长者安康服务社").await;
        let scope = Scope { region: region("441523"), org: OrgScope::Org(mine) };
        let seen = service::orgs(&db, &scope, None).await.unwrap();
        assert_eq!(seen.iter().map(|o| o.id).collect::<Vec<_>>(), [mine]);
        let all = Scope { region: region("441523"), org: OrgScope::Any };
        assert_eq!(service::orgs(&db, &all, Some(OrgKind::Provider)).await.unwrap().len(), 2);
        let elsewhere = Scope { region: region("441521"), org: OrgScope::Any };
        assert!(service::orgs(&db, &elsewhere, None).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn keys_work_until_they_expire_or_are_taken_back() {
    each_engine(&migrations(), |db| async move {
        let access = Access::new(db.clone(), city());
        let new = |role, until: &str| NewApiKey {
            name: "市数据平台".into(),
            role,
            region: region("441523"),
            org: None,
            until: until.parse::<CivilDate>().unwrap(),
        };
        let make = async |new| {
            let tx = db.begin().await.unwrap();
            let made = service::create_key(&tx, &db, &platform(), new).await;
            if made.is_ok() {
                tx.commit().await.unwrap();
            }
            made
        };
        for role in [Role::Administrator, Role::Finance, Role::Worker] {
            assert_eq!(fields(make(new(role, "2026-12-31")).await.unwrap_err()), ["role"]);
        }
        assert_eq!(fields(make(new(Role::ProviderManager, "2026-12-31")).await.unwrap_err()), ["org"]);
        assert_eq!(fields(make(new(Role::CountyStaff, "2026-11-19")).await.unwrap_err()), ["until"]);
        assert_eq!(fields(make(new(Role::CountyStaff, "2028-01-01")).await.unwrap_err()), ["until"]);

        let (id, key) = make(new(Role::CountyStaff, "2026-11-21")).await.unwrap();
        let viewer = access.viewer(&bearer(&key)).await.unwrap().expect("the key is good");
        assert_eq!((viewer.user, viewer.role, viewer.session), (id, Role::CountyStaff, None));
        assert!(access.viewer(&headers(&key)).await.unwrap().is_none(), "a key in a cookie is nothing");
        assert!(access.viewer(&bearer(&format!("{key}0"))).await.unwrap().is_none());
        db.clock().set(NOW.date().plus_days(2).at(0, 0).plus_ms(-1));
        assert!(access.viewer(&bearer(&key)).await.unwrap().is_some(), "until the last day's end");
        db.clock().set(NOW.date().plus_days(2).at(0, 0));
        assert!(access.viewer(&bearer(&key)).await.unwrap().is_none());

        let (id, key) = make(new(Role::CountyStaff, "2026-12-31")).await.unwrap();
        assert!(access.viewer(&bearer(&key)).await.unwrap().is_some());
        access.revoke_key(&platform(), id).await.unwrap();
        assert!(access.viewer(&bearer(&key)).await.unwrap().is_none());
        assert_eq!((audited(&db, "access.key_made").await, audited(&db, "access.key_revoked").await), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn the_first_run_opens_one_administrator() {
    each_engine(&migrations(), |db| async move {
        let (login, password) = service::first_run(&db, city()).await.unwrap().expect("an empty installation");
        assert!(service::first_run(&db, city()).await.unwrap().is_none());
        let access = Access::new(db.clone(), city());
        let signed = access.sign_in(&client(), &login, &password).await.unwrap();
        assert_eq!(signed.next, access::model::Next::EnrolTotp);
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_grave_step_asks_the_password_again_except_in_the_demo() {
    each_engine(&migrations(), |db| async move {
        let user = account(&db, "yewf", Role::Finance, "441523", None).await;
        let scope = kernel::Scope { region: region("441523"), org: kernel::OrgScope::Any };
        let actor = kernel::Actor::Person { user, name: "叶文峰".into(), role: Role::Finance, scope };
        let ask = async |site: &web::Site, actor: &kernel::Actor, password: &str| {
            service::confirm_password(&db, site, actor, password).await
        };
        let real = site(false);
        ask(&real, &actor, PASSWORD).await.unwrap();
        for (password, why) in [("", "密码没有填"), ("wrong-password", "密码不对。再错 4 次要等 15 分钟")]
        {
            match ask(&real, &actor, password).await {
                Err(Error::Invalid(f)) => assert_eq!((f[0].field.as_str(), f[0].message.as_str()), ("password", why)),
                other => panic!("{other:?}"),
            }
        }
        // It is one count with signing in.
        let access = access::Access::new(db.clone(), city());
        match access.sign_in(&client(), "yewf", "wrong-password").await {
            Err(Error::Refused(m)) => assert!(m.contains("再错 3 次"), "{m}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(ask(&real, &platform(), PASSWORD).await, Err(Error::Forbidden(_))), "nobody has no password");
        ask(&site(true), &actor, "").await.unwrap();
    })
    .await;
}
