//! Text documents that are edited without being re-written.

mod value;

pub use value::Value;
