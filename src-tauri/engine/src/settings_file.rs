//! The settings file: read with line and column of every mistake, written atomically.
