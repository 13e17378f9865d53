# SPDX-License-Identifier: Apache-2.0

# Whether the application brings the crate: what its Cargo.toml names, and the crates beside it that it names in turn.

# What rustup has installed for this user, too, when its directory is not on the path.
find_program(TASKPOOL_CARGO cargo PATHS $ENV{HOME}/.cargo/bin)

# Looks through `manifest`, and sets `found` in the caller's scope to the manifest that names the crate.
function(taskpool_find_crate manifest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  # Without the dependencies of others, which need a network. They have no path, and could not bring this crate.
  execute_process(COMMAND ${TASKPOOL_CARGO} metadata --no-deps --offline --format-version 1 --manifest-path ${manifest}
    OUTPUT_VARIABLE metadata ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "cargo can't read ${manifest}: correct it.\n${said}")
  endif()
  string(JSON packages LENGTH "${metadata}" packages)
  foreach(package RANGE ${packages})
    string(JSON path ERROR_VARIABLE none GET "${metadata}" packages ${package} manifest_path)
    if(NOT path STREQUAL manifest)
      # Another member of the same workspace, or past the last one.
      continue()
    endif()
    string(JSON dependencies LENGTH "${metadata}" packages ${package} dependencies)
    foreach(dependency RANGE ${dependencies})
      string(JSON kind ERROR_VARIABLE none GET "${metadata}" packages ${package} dependencies ${dependency} kind)
      if(kind STREQUAL dev OR kind STREQUAL build)
        # Not for the image.
        continue()
      endif()
      string(JSON name ERROR_VARIABLE none GET "${metadata}" packages ${package} dependencies ${dependency} name)
      if(name STREQUAL taskpool)
        set(found ${manifest} PARENT_SCOPE)
        return()
      endif()
      string(JSON path ERROR_VARIABLE none GET "${metadata}" packages ${package} dependencies ${dependency} path)
      get_property(seen DIRECTORY PROPERTY TASKPOOL_MANIFESTS)
      if(EXISTS ${path}/Cargo.toml AND NOT ${path} IN_LIST seen)
        set_property(DIRECTORY APPEND PROPERTY TASKPOOL_MANIFESTS ${path})
        taskpool_find_crate(${path}/Cargo.toml)
        if(found)
          set(found ${found} PARENT_SCOPE)
          return()
        endif()
      endif()
    endforeach()
  endforeach()
endfunction()

set(found "")
set(manifest ${APPLICATION_SOURCE_DIR}/Cargo.toml)
if(EXISTS ${manifest})
  if(NOT TASKPOOL_CARGO)
    message(FATAL_ERROR "CONFIG_TASKPOOL=y, but there is no cargo: install Rust (https://rustup.rs).")
  endif()
  # As cargo names it.
  file(REAL_PATH ${manifest} manifest)
  taskpool_find_crate(${manifest})
endif()
