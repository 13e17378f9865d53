# SPDX-License-Identifier: Apache-2.0

# Whether the application brings the crate: what its Cargo.toml names, and the crates beside it that it names in turn.
# Sets `found` to the manifest that names the crate. With `certain`, what is optional, or for some targets, does not count.

# What rustup has installed for this user, too, when its directory is not on the path.
find_program(TASKPOOL_CARGO cargo PATHS $ENV{HOME}/.cargo/bin)

set(found "")
set(left "")
set(seen "")
if(EXISTS "${APPLICATION_SOURCE_DIR}/Cargo.toml")
  set(left "${APPLICATION_SOURCE_DIR}/Cargo.toml")
  if(NOT TASKPOOL_CARGO)
    message(FATAL_ERROR "CONFIG_TASKPOOL=y, but there is no cargo: install Rust (https://rustup.rs).")
  endif()
endif()
while(left AND NOT found)
  list(POP_FRONT left manifest)
  if("${manifest}" IN_LIST seen)
    continue()
  endif()
  list(APPEND seen "${manifest}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
  get_filename_component(directory "${manifest}" DIRECTORY)
  # Without the dependencies of others, which need a network. They have no path, and could not bring this crate.
  execute_process(COMMAND ${TASKPOOL_CARGO} metadata --no-deps --offline --format-version 1 --manifest-path "${manifest}"
    WORKING_DIRECTORY "${directory}" OUTPUT_VARIABLE metadata ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(failed)
    if("${directory}" STREQUAL "${APPLICATION_SOURCE_DIR}")
      message(FATAL_ERROR "cargo can't read ${manifest}: correct it.\n${said}")
    endif()
    # Cargo may build for others what it refuses to look at by itself.
    continue()
  endif()
  file(REAL_PATH "${manifest}" wanted)
  # One past the last, here and below, is not there, and no error.
  string(JSON packages LENGTH "${metadata}" packages)
  foreach(package RANGE ${packages})
    string(JSON path ERROR_VARIABLE none GET "${metadata}" packages ${package} manifest_path)
    if(EXISTS "${path}")
      file(REAL_PATH "${path}" path)
    endif()
    if(NOT "${path}" STREQUAL "${wanted}")
      # Another member of the same workspace.
      continue()
    endif()
    string(JSON dependencies LENGTH "${metadata}" packages ${package} dependencies)
    foreach(dependency RANGE ${dependencies})
      foreach(key name kind path optional target)
        string(JSON ${key} ERROR_VARIABLE none GET "${metadata}" packages ${package} dependencies ${dependency} ${key})
      endforeach()
      if("${kind}" MATCHES "^(dev|build)$" OR (certain AND (optional OR NOT "${target}" STREQUAL "")))
        # Not for the image, or perhaps not.
        continue()
      endif()
      if("${name}" STREQUAL "taskpool")
        set(found "${manifest}")
      elseif(EXISTS "${path}/Cargo.toml")
        list(APPEND left "${path}/Cargo.toml")
      endif()
    endforeach()
  endforeach()
endwhile()
