//! A redacted bundle (zip) of what helps to find a fault.
