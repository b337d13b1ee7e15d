//! Reports: findings as somebody or something reads them, one file per format. They only format.

mod json;
mod text;

pub(crate) use json::json;
pub(crate) use text::text;
