//! `tracing` to rolling files with size and age limits; never a secret, customer addresses at DEBUG only.
