//! What pages share.

pub(crate) mod account;
pub(crate) mod announcer;
pub(crate) mod attention;
pub(crate) mod copy;
pub(crate) mod country;
pub(crate) mod field;
pub(crate) mod form_state;
pub(crate) mod group;
pub(crate) mod icon;
pub(crate) mod kept;
pub(crate) mod keyboard;
pub(crate) mod load;
pub(crate) mod metadata_editor;
pub(crate) mod moment;
pub(crate) mod page_head;
pub(crate) mod pager;
pub(crate) mod qr_card;
pub(crate) mod rail;
pub(crate) mod status;
pub(crate) mod table;
