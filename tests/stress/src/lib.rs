//! Threads, interrupts and jobs at several pools at once, at random. The load is in `tests/load`.

#![no_std]

// Their functions are called by C.
use load as _;
use zephyr as _;
