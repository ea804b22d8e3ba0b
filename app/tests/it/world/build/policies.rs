//! A version of a policy in work, and a correction to be told.
use super::*;

/// A version of a policy the county is writing, and money that was put right.
pub async fn policies(db: &Db, b: &Begun, side: &mut Side) {
    const FROM: [&str; 3] = ["renovation-chongqing-2020", "renovation-hubei", "service-tiers-yiwu"];
    let d = &b.draft;
    let shelf = entitlement::Shelf::shipped().unwrap();
    let county = person(u128::from(d.n) * 10 + 5, Role::CountyStaff, "县民政", d.county, OrgScope::Any);
    let card = people::service::card(db, &scope(CITY), b.elder).await.unwrap();
    let local = entitlement::service::Takeover {
        title: "适老化改造".into(),
        document: "县里的办法".into(),
        place: region(d.county),
        place_name: "本县".into(),
        village: card.region,
        local_example: None,
    };
    let from = FROM[usize::try_from(d.n).unwrap() % FROM.len()];
    let version = entitlement::service::adopt(db, &shelf, &county, from, local).await.unwrap();
    side.keys.insert("policy-versions", vec![version.to_string()]);
    let id: kernel::CorrectionId = db.new_id();
    let tx = db.begin().await.unwrap();
    tx.exec(
        "INSERT INTO correction (id, household, elder, grp, pack, quarter, region, account, kind, months, posted,
           outstanding, cause, at) VALUES ($1, $2, $3, 'home-care-purse', 'rural-home-care-75-79', '2026Q4', $4, $1,
           'clawback', '2026-11', 10000, 0, 'death', $5)",
        store::vals![id, card.household, card.id, card.region, tx.now()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    side.keys.insert("corrections", vec![id.to_string()]);
}
