//! Documents that can be edited without being rewritten.

pub mod value;
pub mod yaml;
