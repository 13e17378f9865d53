# SPDX-License-Identifier: Apache-2.0

# The core is a crate of the application. Without it the link would fail, with five names that nobody knows.
set(certain FALSE)
include(${CMAKE_CURRENT_LIST_DIR}/manifest.cmake)
if(NOT found)
  message(FATAL_ERROR "CONFIG_TASKPOOL_CRATE=y, but ${APPLICATION_SOURCE_DIR}/Cargo.toml does not name the crate, nor does a crate beside it: add\n"
    "  taskpool = { path = \"${CMAKE_CURRENT_SOURCE_DIR}/rust/taskpool\" }\n"
    "to its dependencies, and use it; or set CONFIG_TASKPOOL_ARCHIVE=y, for an application in C."
  )
endif()
