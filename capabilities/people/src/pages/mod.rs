//! Pages and the JSON API.
mod acts;
mod addresses;
mod api;
mod contacts;
mod duplicates;
mod form;
mod imports;
mod list;
mod print;
mod record;
mod regions;
mod words;

use kernel::{Error, Permission as May};
use std::str::FromStr;
use web::{NavEntry, Routes};

pub(crate) fn nav() -> Vec<NavEntry> {
    vec![NavEntry { href: "/elders", icon: "users", word: "老年人", needs: May::ElderRead, order: 20 }]
}

pub(crate) fn routes() -> Routes {
    Routes::new("people")
        .get("/elders", May::ElderRead, list::list)
        .get("/search", May::SignedIn, list::search)
        .get("/elders/new", May::ElderWrite, form::new)
        .post("/elders/new", May::ElderWrite, form::create)
        .get("/elders/{id}", May::ElderRead, record::record)
        .get("/elders/{id}/history", May::ElderRead, record::history)
        .get("/elders/{id}/print", May::ElderRead, print::print)
        .get("/elders/{id}/edit", May::ElderWrite, form::edit)
        .post("/elders/{id}/edit", May::ElderWrite, form::save)
        .get("/elders/{id}/unmask", May::ElderUnmask, acts::unmask_form)
        .post("/elders/{id}/unmask", May::ElderUnmask, acts::unmask)
        .get("/elders/{id}/death", May::ElderWrite, acts::death_form)
        .post("/elders/{id}/death", May::ElderWrite, acts::death)
        .get("/elders/{id}/death/withdraw", May::ElderWrite, acts::withdraw_form)
        .post("/elders/{id}/death/withdraw", May::ElderWrite, acts::withdraw)
        .get("/elders/{id}/move", May::ElderWrite, acts::move_form)
        .post("/elders/{id}/move", May::ElderWrite, acts::move_out)
        .get("/elders/{id}/contacts", May::ElderRead, contacts::contacts)
        .post("/elders/{id}/contacts", May::ElderWrite, contacts::add)
        .get("/elders/{id}/contacts/{contact}/remove", May::ElderWrite, contacts::remove_form)
        .post("/elders/{id}/contacts/{contact}/remove", May::ElderWrite, contacts::remove)
        .get("/elders/{id}/addresses", May::ElderRead, addresses::addresses)
        .post("/elders/{id}/addresses", May::ElderWrite, addresses::save)
        .get("/elders/{id}/merge", May::ElderMerge, duplicates::merge_form)
        .post("/elders/{id}/merge", May::ElderMerge, duplicates::merge)
        .get("/merges/{id}/undo", May::ElderMerge, duplicates::undo_form)
        .post("/merges/{id}/undo", May::ElderMerge, duplicates::undo)
        .get("/duplicates", May::ElderImport, duplicates::list)
        .get("/duplicates/{id}", May::ElderImport, duplicates::review)
        .post("/duplicates/{id}", May::ElderImport, duplicates::decide)
        .get("/imports", May::ElderImport, imports::list)
        .get("/imports/new", May::ElderImport, imports::new)
        .post("/imports/new", May::ElderImport, imports::upload)
        .get("/imports/template", May::ElderImport, imports::template)
        .get("/imports/{id}", May::ElderImport, imports::batch)
        .get("/imports/{id}/live", May::ElderImport, imports::live)
        .get("/imports/{id}/bad-rows", May::ElderImport, imports::bad_rows)
        .post("/imports/{id}/fix", May::ElderImport, imports::fix)
        .post("/imports/{id}/rows/{row}", May::ElderImport, imports::decide)
        .post("/imports/{id}/write", May::ElderImport, imports::write)
        .get("/imports/{id}/drop", May::ElderImport, imports::drop_form)
        .post("/imports/{id}/drop", May::ElderImport, imports::drop)
        .get("/imports/{id}/take-back", May::ElderImport, imports::take_back_form)
        .post("/imports/{id}/take-back", May::ElderImport, imports::take_back)
        .get("/regions", May::AccessManage, regions::page)
        .post("/regions", May::AccessManage, regions::load)
        .get("/regions/children", May::SignedIn, regions::children)
        .get("/api/v1/elders", May::ElderRead, api::elders)
        .get("/api/v1/elders/{id}", May::ElderRead, api::elder)
}

/// A part of a path as an id; what does not parse does not exist.
pub(crate) fn path_id<T: FromStr>(text: &str) -> kernel::Result<T> {
    text.parse().map_err(|_| Error::NotFound("这一页".into()))
}
