# SPDX-License-Identifier: Apache-2.0

# What the sanitizer of undefined behaviour reports in Zephyr is only printed; here it ends the run.
if(CONFIG_UBSAN)
  foreach(target app taskpool)
    target_compile_options(${target} PRIVATE -fno-sanitize-recover=undefined)
  endforeach()
endif()
