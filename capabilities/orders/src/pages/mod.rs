//! Pages of work orders.
mod assign;
mod board;
mod follow;
mod list;
mod new;
mod own;
mod panels;
mod record;
mod shared;

pub use panels::panels;
pub use record::{Evidence, EvidencePanel};
pub use shared::{standing, when};

use kernel::Permission as P;

pub(crate) fn routes() -> web::Routes {
    web::Routes::new("orders")
        .get("/orders", P::OrderRead, list::list)
        .post("/orders", P::OrderCreate, new::place)
        .get("/orders/new", P::OrderCreate, new::form)
        .post("/orders/quote", P::OrderCreate, new::quote)
        .get("/orders/board", P::OrderDispatch, board::board)
        .get("/orders/{id}", P::OrderRead, record::record)
        .post("/orders/{id}/accept", P::OrderDispatch, assign::accept)
        .get("/orders/{id}/refuse", P::OrderDispatch, follow::refuse_form)
        .post("/orders/{id}/refuse", P::OrderDispatch, follow::refuse)
        .get("/orders/{id}/assign", P::OrderDispatch, assign::form)
        .post("/orders/{id}/assign", P::OrderDispatch, assign::assign)
        .get("/orders/{id}/cancel", P::OrderCreate, follow::cancel_form)
        .post("/orders/{id}/cancel", P::OrderCreate, follow::cancel)
        .get("/orders/{id}/follow-up", P::OrderFollowUp, follow::call_form)
        .post("/orders/{id}/follow-up", P::OrderFollowUp, follow::call)
        .get("/orders/{id}/no-show", P::OrderRead, follow::no_show_form)
        .post("/orders/{id}/no-show", P::OrderRead, follow::no_show)
        .get("/orders/{id}/dispute", P::OrderFollowUp, follow::dispute_form)
        .post("/orders/{id}/dispute", P::OrderFollowUp, follow::dispute)
        .get("/orders/{id}/resolve", P::OrderFollowUp, follow::resolve_form)
        .post("/orders/{id}/resolve", P::OrderFollowUp, follow::resolve)
        .get("/orders/{id}/own-payment", P::OrderDispatch, own::take_form)
        .post("/orders/{id}/own-payment", P::OrderDispatch, own::take)
        .get("/orders/{id}/own-refund", P::OrderDispatch, own::give_back_form)
        .post("/orders/{id}/own-refund", P::OrderDispatch, own::give_back)
        .get("/orders/{id}/receipt", P::OrderRead, own::receipt)
}
