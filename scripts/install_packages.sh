#!/usr/bin/env bash
# install_packages.sh LIST...: installs the Debian packages named in scripts/LIST that dpkg does not have.
#
# Says what it does on stderr; does nothing, and needs no network, when all are there. Uses sudo when not root.
set -euo pipefail

lists=("${@/#/$(dirname -- "$(readlink -f -- "$0")")/}")

say() { echo "posse: $*" >&2; }

fail() {
  say "error: $1"
  shift
  printf '  %s\n' "$@" >&2
  exit 5
}

wanted() { sed -e 's/#.*//' "${lists[@]}" | tr -s '[:space:]' '\n' | sed '/^$/d'; }

missing() {
  wanted | grep -vxF -f <(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p') || true
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif ! command -v sudo >/dev/null; then
    fail "installing packages needs root, and there is no sudo" "hint: as root run: $*"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@" || fail "sudo wants a password and there is no terminal" "hint: as root run: $*"
  fi
}

if ! command -v dpkg-query >/dev/null; then
  say "this is no Debian; install, under your system's names: $(wanted | tr '\n' ' ')"
  exit 0
fi
mapfile -t packages < <(missing)
((${#packages[@]} > 0)) || exit 0

log=$(mktemp "${TMPDIR:-/tmp}/posse-apt.XXXXXX")
trap 'rm -f "$log"' EXIT
say "installing ${#packages[@]} Debian packages: ${packages[*]}"
as_root apt-get -qq update >"$log" 2>&1 || say "warning: apt-get update failed, going on with the known package lists"
if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
  "${packages[@]}" >>"$log" 2>&1; then
  tail -n 20 "$log" >&2
  fail "apt could not install the packages" "still missing: $(missing | tr '\n' ' ')"
fi
