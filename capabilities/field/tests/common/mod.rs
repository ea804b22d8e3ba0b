//! A visit to be made: the world of the orders' tests, with a service that has a checklist and wants a photo.
#![allow(dead_code)]
#[path = "../../../orders/tests/it/common/mod.rs"]
mod world;
pub use world::*;

use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::{Category, Skill, Unit};
use field::model::Position;
use field::service::FromDevice;
use kernel::{Actor, Fen, GeoPoint, ItemId, OrderId};
use orders::model::Order;
use store::{Db, Migration};

pub fn all_migrations() -> Vec<Migration> {
    [migrations(), field::MIGRATIONS.to_vec()].concat()
}

/// Where the elder lives.
pub const DOOR: GeoPoint = GeoPoint { lat_e6: 23_300_000, lng_e6: 115_600_000 };

/// A device `metres` north of the door.
pub fn standing(metres: f64) -> FromDevice {
    let point = GeoPoint { lat_e6: DOOR.lat_e6 + (metres / 0.111_195) as i64, lng_e6: DOOR.lng_e6 };
    FromDevice { position: Some(Position { point, accuracy_m: 10 }), ..FromDevice::default() }
}
pub fn at_the_door() -> FromDevice {
    standing(12.0)
}
pub fn with_code(from: FromDevice, code: &str) -> FromDevice {
    FromDevice { code: Some(code.into()), ..from }
}

/// ¥40, an hour, two lines to tick, one photo.
pub async fn cleaning_with_proof(db: &Db) -> ItemId {
    let draft = ItemDraft {
        code: "JZ09".into(),
        name: "助洁（拍照）".into(),
        summary: String::new(),
        category: Category::Household,
        help: None,
        unit: Unit::Visit,
        minutes: 60,
        skills: Skill::set(&[Skill::Cleaning]),
        checklist: vec!["扫地".into(), "倒垃圾".into()],
        photos: 1,
        region: region(COUNTY),
        active: true,
    };
    let price = PriceDraft {
        region: region(COUNTY),
        from: day("2026-01-01"),
        to: None,
        fen: Fen::yuan(40),
        document: "陆价〔2026〕3 号".into(),
    };
    let tx = db.begin().await.expect("begins");
    let id = catalogue::service::create_item(&tx, db, &platform(), draft).await.expect("item");
    catalogue::service::add_price(&tx, db, &platform(), id, price).await.expect("price");
    tx.commit().await.expect("commits");
    id
}

/// A picture of one colour: another `n`, another file.
pub fn picture(n: u8) -> Vec<u8> {
    let pixels = image::RgbImage::from_pixel(8, 8, image::Rgb([n, 255 - n, 7]));
    let mut out = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut out, image::ImageFormat::Png).expect("encodes");
    out.into_inner()
}

/// An order assigned to its worker.
pub struct Visit {
    pub id: OrderId,
    pub order: Order,
    pub carer: Actor,
    /// The elder's code.
    pub code: String,
}

impl Visit {
    pub async fn assigned(w: &World, item: ItemId, start: kernel::Instant) -> Visit {
        let order = w.place(item, start, 1).await;
        let order = w.accept_and_assign(&order).await;
        let carer = w.team_of(&order).carer.clone();
        Visit { id: order.id, carer, code: people::service::elder_code(&w.db, order.elder), order }
    }
    /// On the way, a quarter of an hour before the start.
    pub async fn on_the_way(w: &World, item: ItemId, start: kernel::Instant) -> Visit {
        let v = Visit::assigned(w, item, start).await;
        w.db.clock().set(start.plus_minutes(-15));
        field::service::set_out(&w.db, &v.carer, v.id, &at_the_door()).await.expect("sets out");
        v
    }
    /// Checked in at the start.
    pub async fn inside(w: &World, item: ItemId, start: kernel::Instant) -> Visit {
        let v = Visit::on_the_way(w, item, start).await;
        w.db.clock().set(start);
        field::service::check_in(&w.db, &v.carer, v.id, &at_the_door()).await.expect("checks in");
        v
    }
    /// Kinds of evidence stored, in the order they came.
    pub async fn proofs(&self, w: &World) -> Vec<String> {
        let found = field::service::evidence(&w.db, &scope(CITY), self.id).await.expect("evidence");
        found.into_iter().map(|e| e.kind).collect()
    }
}
