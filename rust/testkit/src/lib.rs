//! Virtual port.
