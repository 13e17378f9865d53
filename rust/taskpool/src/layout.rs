//! What C and Rust both lay out: here Rust's figures, in `src/layout.c` C's. `src/layout.ld` compares them when the image is
//! linked.

use taskpool_core::{Pool, Worker};

/// A symbol with this value.
macro_rules! layout {
    ($($name:ident: $value:expr,)*) => {
        $(core::arch::global_asm!(
            concat!(".globl taskpool_rust_", stringify!($name)),
            concat!(".set taskpool_rust_", stringify!($name), ", {value}"),
            value = const $value,
        );)*
    };
}
#[cfg(CONFIG_TASKPOOL_C_API)]
pub(crate) use layout;

layout! {
    sizeof_pool: size_of::<Pool>(),
    alignof_pool: align_of::<Pool>(),
    pool_life: Pool::WRITTEN_BY_C[0],
    pool_max: Pool::WRITTEN_BY_C[1],
    pool_starting: Pool::LIFE_OF_C,
    sizeof_worker: size_of::<Worker>(),
    alignof_worker: align_of::<Worker>(),
}
