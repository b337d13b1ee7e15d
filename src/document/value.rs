//! The typed value of one scalar.
//!
//! SOPS encrypts and authenticates values, not spellings: `0755`, `493` and `0x1ed` are the same integer to
//! it. [`Value`] is what remains once the spelling is gone. It may be plain text of a secret, hence neither
//! `Debug` nor `Clone`; it does not know how it was written, nor how SOPS turns it into bytes.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a scalar means, in the types that SOPS tells apart.
pub enum Value {
    /// `null`, `~` or nothing at all; SOPS never encrypts it.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits in 64 bits with sign.
    Int(i64),
    /// Any other number, including the infinities and NaN.
    Float(f64),
    /// A point in time as RFC 3339 text: no trailing zeros in the fraction of the second, the zone as it
    /// was written (`Z` or `+05:30`).
    Time(String),
    /// Everything else.
    Text(Zeroizing<String>),
}

impl Value {
    /// Text, taken over without a copy.
    pub fn text(text: String) -> Self {
        Value::Text(Zeroizing::new(text))
    }
}

impl Value {
    /// The same value once more: by name, so that no copy of a secret is made unnoticed.
    pub(crate) fn copy(&self) -> Value {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(*value),
            Value::Int(value) => Value::Int(*value),
            Value::Float(value) => Value::Float(*value),
            Value::Time(text) => Value::Time(text.clone()),
            Value::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl PartialEq for Value {
    /// Whether both are the same value of the same type: the integer 1 is neither the float 1 nor the text `1`.
    ///
    /// Floats compare by their bits. So a NaN has not changed when it is still the same NaN, and `-0` is not
    /// `0`, whose plain text differs. Texts compare in constant time over the common length.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a.as_bytes().ct_eq(b.as_bytes()).into(),
            _ => false,
        }
    }
}

impl Eq for Value {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_digits_of_different_types_are_different_values() {
        assert!(Value::Int(1) != Value::Float(1.0));
        assert!(Value::Int(1) != Value::text("1".into()));
        assert!(Value::Null != Value::text(String::new()));
    }

    #[test]
    fn the_same_content_is_the_same_value() {
        assert!(Value::Null == Value::Null);
        assert!(Value::Bool(true) == Value::Bool(true));
        assert!(Value::Bool(true) != Value::Bool(false));
        assert!(Value::text("a".into()) == Value::text("a".into()));
        assert!(Value::text("a".into()) != Value::text("ab".into()));
        assert!(
            Value::Time("2031-05-06T07:08:09Z".into())
                != Value::Time("2031-05-06T07:08:10Z".into())
        );
    }

    #[test]
    fn floats_compare_by_bits() {
        assert!(Value::Float(f64::NAN) == Value::Float(f64::NAN));
        assert!(Value::Float(0.0) != Value::Float(-0.0));
    }
}
