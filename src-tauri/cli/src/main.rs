//! The Fieldscan agent without a desktop.

fn main() {}
