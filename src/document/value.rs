//! The typed value of a scalar.

use zeroize::Zeroizing;

/// What a scalar stands for, whatever its spelling. Neither `Debug` nor `Clone`: it may be a secret.
#[derive(PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// A binary floating point number, infinities and NaN included.
    Float(f64),
    /// An instant in RFC 3339 with nanoseconds trimmed of trailing zeros; the zone is kept: `Z` or `+05:30`.
    Time(String),
    /// Text.
    Text(Zeroizing<String>),
}
