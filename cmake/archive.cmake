# SPDX-License-Identifier: Apache-2.0

# The pool's Rust code as an archive, for applications in C: one call of cargo for the board's target.

# rustc's target for the CPU and its ABI, as `rust_target` in the caller's scope; none for a CPU without one.
function(taskpool_map_target)
  set(hard_float FALSE)
  if(CONFIG_FP_HARDABI OR FORCE_FP_HARDABI)
    set(hard_float TRUE)
  endif()
  set(target "")
  if(CONFIG_ARMV6_M_ARMV8_M_BASELINE AND NOT CONFIG_ARMV8_M_BASELINE)
    set(target thumbv6m-none-eabi)
  elseif(CONFIG_ARMV8_M_BASELINE)
    set(target thumbv8m.base-none-eabi)
  elseif(CONFIG_ARMV8_M_MAINLINE)
    set(target thumbv8m.main-none-eabi)
  elseif(CONFIG_ARMV7_M_ARMV8_M_MAINLINE AND CONFIG_CPU_CORTEX_M3)
    set(target thumbv7m-none-eabi)
  elseif(CONFIG_ARMV7_M_ARMV8_M_MAINLINE)
    set(target thumbv7em-none-eabi)
  elseif(CONFIG_RISCV AND CONFIG_64BIT)
    if(CONFIG_RISCV_ISA_EXT_M AND CONFIG_RISCV_ISA_EXT_A AND CONFIG_RISCV_ISA_EXT_C)
      if(NOT CONFIG_FLOAT_HARD)
        set(target riscv64imac-unknown-none-elf)
      elseif(CONFIG_RISCV_ISA_EXT_D)
        set(target riscv64gc-unknown-none-elf)
      endif()
    endif()
  elseif(CONFIG_RISCV AND CONFIG_RISCV_ISA_RV32I AND NOT CONFIG_FLOAT_HARD)
    if(CONFIG_RISCV_ISA_EXT_M AND CONFIG_RISCV_ISA_EXT_A AND CONFIG_RISCV_ISA_EXT_C)
      set(target riscv32imac-unknown-none-elf)
    elseif(CONFIG_RISCV_ISA_EXT_M AND CONFIG_RISCV_ISA_EXT_C)
      set(target riscv32imc-unknown-none-elf)
    elseif(CONFIG_RISCV_ISA_EXT_M)
      set(target riscv32im-unknown-none-elf)
    else()
      set(target riscv32i-unknown-none-elf)
    endif()
  elseif(CONFIG_ARM64)
    set(target aarch64-unknown-none-softfloat)
  elseif(CONFIG_ARCH_POSIX AND CONFIG_64BIT AND CMAKE_HOST_SYSTEM_PROCESSOR MATCHES "x86_64")
    set(target x86_64-unknown-none)
  elseif(CONFIG_ARCH_POSIX AND CONFIG_64BIT AND CMAKE_HOST_SYSTEM_PROCESSOR MATCHES "aarch64")
    set(target aarch64-unknown-none)
  endif()
  if(hard_float AND target MATCHES "^thumbv(7em|8m.main)-none-eabi$")
    string(APPEND target hf)
  endif()
  set(rust_target "${target}" PARENT_SCOPE)
endfunction()

taskpool_map_target()
if(NOT rust_target)
  message(FATAL_ERROR "CONFIG_TASKPOOL=y, but the task pool knows no target of rustc for ${BOARD}${BOARD_QUALIFIERS}: choose "
    "a board with a Cortex-M, RISC-V or 64-bit Arm CPU (in place of native_sim, native_sim/native/64), or switch it off.")
endif()

set(certain TRUE)
include(${CMAKE_CURRENT_LIST_DIR}/manifest.cmake)
if(found)
  message(FATAL_ERROR "CONFIG_TASKPOOL_ARCHIVE=y, but ${found} names the crate taskpool, so the image would have two "
    "pools: set CONFIG_TASKPOOL_CRATE=y, or remove the crate.")
endif()

find_program(TASKPOOL_RUSTC rustc PATHS $ENV{HOME}/.cargo/bin)
if(NOT TASKPOOL_CARGO OR NOT TASKPOOL_RUSTC)
  message(FATAL_ERROR "CONFIG_TASKPOOL=y, but there is no cargo: install Rust (https://rustup.rs), then run\n"
    "  rustup target add ${rust_target}")
endif()
set(rust_directory ${CMAKE_CURRENT_SOURCE_DIR}/rust)
execute_process(COMMAND ${TASKPOOL_RUSTC} --print target-libdir --target ${rust_target}
  WORKING_DIRECTORY ${rust_directory} OUTPUT_VARIABLE libraries OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(GLOB libcore "${libraries}/libcore-*.rlib")
if(NOT libcore)
  message(FATAL_ERROR "CONFIG_TASKPOOL=y, but rustc does not have the target of ${BOARD}${BOARD_QUALIFIERS}: run\n"
    "  rustup target add ${rust_target}")
endif()

set(cargo_directory ${CMAKE_CURRENT_BINARY_DIR}/cargo)
set(archive ${cargo_directory}/${rust_target}/release/libtaskpool_c.a)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS
  ${rust_directory}/core/src/*.rs ${rust_directory}/taskpool/src/*.rs ${rust_directory}/taskpool-c/src/*.rs)
foreach(crate core taskpool taskpool-c)
  list(APPEND sources ${rust_directory}/${crate}/Cargo.toml)
endforeach()
list(APPEND sources ${rust_directory}/core/build.rs ${rust_directory}/taskpool/build.rs
  ${rust_directory}/Cargo.toml ${rust_directory}/Cargo.lock)

# What a user has set for programs of this machine is not meant for the board: another profile, and flags (a CPU, a linker),
# of which the encoded ones stand before all others, also those of a configuration file.
# Another target and another directory yield to the options below. RUSTC_WRAPPER stays: a cache serves both.
set(foreign "")
foreach(variable CARGO_BUILD_TARGET CARGO_BUILD_TARGET_DIR CARGO_TARGET_DIR CARGO_PROFILE_RELEASE_OPT_LEVEL
    CARGO_PROFILE_RELEASE_LTO CARGO_PROFILE_RELEASE_PANIC CARGO_PROFILE_RELEASE_CODEGEN_UNITS
    CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS)
  list(APPEND foreign --unset=${variable})
endforeach()

add_custom_command(
  OUTPUT ${archive}
  COMMAND ${CMAKE_COMMAND} -E env ${foreign} CARGO_ENCODED_RUSTFLAGS= DOTCONFIG=${DOTCONFIG} RUSTC=${TASKPOOL_RUSTC} TASKPOOL_ARCHIVE_BUILD=1
    ${TASKPOOL_CARGO} build --release --locked --package taskpool-c
    --target ${rust_target} --target-dir ${cargo_directory}
  # Cargo leaves a file alone that would not change.
  COMMAND ${CMAKE_COMMAND} -E touch ${archive}
  DEPENDS ${sources} ${DOTCONFIG}
  WORKING_DIRECTORY ${rust_directory}
  COMMENT "Building the task pool for ${rust_target}"
  USES_TERMINAL
  VERBATIM
)
add_custom_target(taskpool_archive DEPENDS ${archive})
# The C compiler's library first: Rust's archive has the same functions, and would win for all of Zephyr's code.
zephyr_link_libraries($<TARGET_PROPERTY:linker,rt_library> ${archive})
