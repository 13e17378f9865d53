# SPDX-License-Identifier: Apache-2.0
#
# What the commands in scripts/ share. Source it, don't run it.
# shellcheck shell=bash

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$project/build
venv=$build/venv

step() { printf '== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
# Something that this machine can't do, and how to mend it, in one line.
mend() { printf '!! %s\n' "$*" >&2; }

# A notice that must not be overlooked in a long log.
banner() {
  local line
  printf '\n%s\n' '********************************************************************************'
  for line in "$@"; do printf '**  %s\n' "$line"; done
  printf '%s\n\n' '********************************************************************************'
}

# Puts the Python packages of the project first, if `scripts/setup` has made them.
# CMake's FindPython3 and Zephyr's scripts look at both variables.
use_venv() {
  [[ -x $venv/bin/python3 ]] || return 0
  export VIRTUAL_ENV=$venv PATH=$venv/bin:$PATH
}

# The west workspaces to try, best first, as the paths of their Zephyr trees.
workspace_candidates() {
  # Whoever sets ZEPHYR_BASE means it: nothing else is tried then.
  if [[ -n ${ZEPHYR_BASE:-} ]]; then
    printf '%s\n' "$ZEPHYR_BASE"
    return
  fi
  # The workspace that the project is checked out in.
  local dir=$project base
  while [[ $dir != / ]]; do
    dir=$(dirname "$dir")
    if [[ -f $dir/.west/config ]]; then
      base=$(git config --file "$dir/.west/config" zephyr.base || echo zephyr)
      printf '%s\n' "$dir/$base"
      break
    fi
  done
  # The place of Zephyr's Getting Started Guide, and what `scripts/setup` fetched.
  printf '%s\n' "$HOME/zephyrproject/zephyr" "$build/workspace/zephyr"
}

# Why a Zephyr tree can't be used; nothing when it can.
workspace_fault() { # ZEPHYR_TREE
  if [[ ! -f $1/VERSION ]]; then
    echo "$1/VERSION is missing"
    return
  fi
  local top
  top=$(cd "$1/.." && pwd)
  if [[ ! -f $top/modules/lang/rust/CMakeLists.txt ]]; then
    echo "$top/modules/lang/rust is missing (west config manifest.group-filter -- +optional && west update)"
  fi
}

# Exports ZEPHYR_BASE. Without a usable workspace: returns 1, with the reason in
# $workspace_missing.
find_workspace() {
  local tree fault
  workspace_missing=
  while IFS= read -r tree; do
    fault=$(workspace_fault "$tree")
    if [[ -z $fault ]]; then
      ZEPHYR_BASE=$(cd "$tree" && pwd)
      export ZEPHYR_BASE
      return 0
    fi
    # A directory that isn't there at all is not worth a word, unless it was asked for.
    if [[ -d $tree || -n ${ZEPHYR_BASE:-} ]]; then
      workspace_missing+="${workspace_missing:+; }$fault"
    fi
  done < <(workspace_candidates)
  workspace_missing=${workspace_missing:-no west workspace around the project or in ~/zephyrproject}
  return 1
}

# Is there a toolchain that Zephyr will find by itself?
has_toolchain() {
  [[ -n ${ZEPHYR_TOOLCHAIN_VARIANT:-} || -n ${ZEPHYR_SDK_INSTALL_DIR:-} ||
    -d $HOME/.cmake/packages/Zephyr-sdk ]]
}

# Without one: the distribution's Arm compiler. native_sim takes the host's in any case.
use_toolchain() {
  has_toolchain || export ZEPHYR_TOOLCHAIN_VARIANT=gnuarmemb GNUARMEMB_TOOLCHAIN_PATH=/usr
  # Below `make`, twister takes itself for one of its jobs: it would build and run one image at a time.
  unset MAKEFLAGS
}

# Every Zephyr build compiles bindgen and friends anew for its own target directory;
# the cache makes the second and all later ones cheap.
#
# The server is this run's own and starts here: one that rustc starts on demand keeps
# the build's output pipe open, and twister then waits for the server to end.
use_sccache() {
  [[ -z ${RUSTC_WRAPPER:-} && -x $venv/bin/sccache ]] || return 0
  sccache_dir=$(mktemp -d)
  export SCCACHE_SERVER_UDS=$sccache_dir/socket SCCACHE_IDLE_TIMEOUT=7200
  trap stop_sccache EXIT
  if "$venv/bin/sccache" --start-server </dev/null >/dev/null 2>&1; then
    export RUSTC_WRAPPER=$venv/bin/sccache
  fi
}
stop_sccache() {
  "$venv/bin/sccache" --stop-server >/dev/null 2>&1 || true
  rm -rf "$sccache_dir"
}
