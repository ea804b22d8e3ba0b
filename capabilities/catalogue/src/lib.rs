//! What can be ordered and what it costs: the menu of services (菜单式服务) with the prices a price bureau approved.
//!
//! Words: an *item* (服务项目) is one line of the menu; it belongs to one of seven categories and may be one of the
//! "six helps" (六助). A *price* (价格) is approved by a document for a region and a period. The price valid on the day
//! of service counts; of several regions that contain the place, the smallest wins. Who pays how much of it (有偿、低偿、
//! 无偿) is the policy's business, not the menu's.
//!
//! **Invariants**
//! - Two prices of one item and one region never share a day.
//! - A price that has begun is never changed; a new one begins tomorrow at the earliest and ends the open one before it.
//! - An item is changed only by someone whose region contains the item's region.
#![forbid(unsafe_code)]

pub mod model;
mod pages;
pub mod service;
mod shipped;
mod store;

pub use crate::store::MIGRATIONS;
pub use model::{Category, Help, Item, Price, PricedItem, Skill, Unit};
pub use pages::{nav, routes};
