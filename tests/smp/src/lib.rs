//! Two CPUs at one pool, and at several. The load is in `tests/load`.

#![no_std]

// Their functions are called by C.
use load as _;
use zephyr as _;
