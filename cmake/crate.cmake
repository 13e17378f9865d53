# SPDX-License-Identifier: Apache-2.0

# The core is a crate of the application. Without it the link would fail, with five names that nobody knows.
set(names "")
set(manifest ${APPLICATION_SOURCE_DIR}/Cargo.toml)
if(EXISTS ${manifest})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(STRINGS ${manifest} names REGEX taskpool)
endif()
if(NOT names)
  message(FATAL_ERROR "CONFIG_TASKPOOL_CRATE=y, but ${manifest} does not name the crate: add\n"
    "  taskpool = { path = \"${CMAKE_CURRENT_SOURCE_DIR}/rust/taskpool\" }\n"
    "to its dependencies (or a comment with that word, if another crate brings it), and use it; or set "
    "CONFIG_TASKPOOL_ARCHIVE=y, for an application in C."
  )
endif()
