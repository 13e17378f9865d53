# SPDX-License-Identifier: Apache-2.0

# cmake -DAR=... -DFROM=... -DTO=... -P pack.cmake: the objects of this project alone, in an archive.
#
# Cargo's archive has Rust's compiler_builtins, too. What it offers is in the image already, from the C compiler's
# library, and the linker would take the one that comes first, for all of Zephyr's code.

get_filename_component(directory ${TO} DIRECTORY)
execute_process(COMMAND ${AR} t ${FROM} OUTPUT_VARIABLE members COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "taskpool_c-[^\n]+" ours "${members}")
execute_process(COMMAND ${AR} x ${FROM} ${ours} WORKING_DIRECTORY ${directory} COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${TO})
execute_process(COMMAND ${AR} rcs ${TO} ${ours} WORKING_DIRECTORY ${directory} COMMAND_ERROR_IS_FATAL ANY)
