//! Carries the decisions of `fieldscan-core` out.
