//! The own part in money: taking it, giving it back, and the receipt on paper.
use super::follow::{Kind, answer, reason_pages, show};
use super::shared::order_id;
use crate::model::{Order, PaidBy, Receipt, ReceiptKind};
use crate::service;
use askama::Template;
use axum::extract::{Path, Query, State as Take};
use axum::response::Response;
use books::rmb_upper;
use kernel::{Error, Tier};
use std::collections::HashMap;
use web::axum;
use web::{App, Form, Page, Viewer, html};

const TAKE: Kind = Kind {
    tail: "own-payment",
    title: "收自付的钱",
    heading: |o| format!("收到{}自付的 {}？", o.elder_name, o.own),
    lines: |o| {
        vec![
            ("receipt", "开一张有号的收据，可以打印给老人".to_string(), String::new()),
            ("circle-check-f", "老人这一单不再欠钱".to_string(), o.own.to_string()),
        ]
    },
    label: "备注",
    hint: "不填也可以",
    verb: "收到了",
    danger: false,
    needs_reason: |_| false,
    choice_label: "怎么付的",
    choices: &[
        (PaidBy::Cash.code(), PaidBy::Cash.zh()),
        (PaidBy::Scan.code(), PaidBy::Scan.zh()),
        (PaidBy::Transfer.code(), PaidBy::Transfer.zh()),
    ],
    done: "own_paid",
};

const GIVE_BACK: Kind = Kind {
    tail: "own-refund",
    title: "退自付的钱",
    heading: |o| format!("把 {} 退给{}？", o.own, o.elder_name),
    lines: |o| {
        vec![
            ("receipt", "开一张有号的退款单，原来的收据留着".to_string(), String::new()),
            ("refresh-off", "这笔自付又成了没收".to_string(), o.own.to_string()),
        ]
    },
    label: "为什么退",
    hint: "例如：记错了单",
    verb: "退给老人",
    danger: true,
    needs_reason: |_| true,
    choice_label: "",
    choices: &[],
    done: "own_refunded",
};

reason_pages! {
    take_form take TAKE |db, actor, id, form| async {
        let how = PaidBy::parse(form.raw("choice")).ok_or_else(|| Error::invalid("choice", "选一种付法"));
        // Whose order it is comes before what was typed.
        let order = service::order(db, actor.scope(), id).await?;
        service::take_own(db, actor, id, how?).await?;
        Ok(order)
    };
    give_back_form give_back GIVE_BACK |db, actor, id, form| async {
        let order = service::order(db, actor.scope(), id).await?;
        service::give_back_own(db, actor, id, form.raw("reason")).await?;
        Ok(order)
    };
}

#[derive(Template)]
#[template(path = "orders/receipt.html")]
struct ReceiptPage {
    page: Page,
    o: Order,
    r: Receipt,
    refund: bool,
    /// A slip of a till's width instead of a sheet.
    small: bool,
    place: String,
    upper: String,
    served: String,
}

/// The receipt on paper: `?seq=` names one, without it the latest; `?paper=small` is a slip.
pub(super) async fn receipt(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let o = service::order(app.db(), &viewer.scope, order_id(&id)?).await?;
    let mut found = service::receipts(app.db(), &viewer.scope, o.id).await?;
    let r = match query.get("seq") {
        Some(text) => {
            let at = found.iter().position(|r| r.seq.to_string() == *text);
            found.swap_remove(at.ok_or_else(|| Error::NotFound("这张收据".into()))?)
        }
        None => found.pop().ok_or_else(|| Error::refused("这一单还没有收过自付的钱"))?,
    };
    let refund = r.kind == ReceiptKind::Refund;
    let book = app.regions();
    html(&ReceiptPage {
        page: Page::new(&app, &viewer, if refund { "退款单" } else { "收据" }).at("/orders"),
        refund,
        small: query.get("paper").is_some_and(|p| p == "small"),
        place: format!("{}{}", book.name(&o.region.at(Tier::Village)), o.address),
        upper: rmb_upper(r.amount),
        served: format!("{} {}", o.served_on(), o.hours()),
        o,
        r,
    })
}
