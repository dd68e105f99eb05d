#!/usr/bin/env bash
# make_container.sh [--tag NAME] [--build FOLDER] [--try]: a container image with posse, posse-neurocaas, aws and the demo.
#
#   --tag NAME       the image's name (default localhost/posse:<version>)
#   --build FOLDER   a build that is there (default: build/user, which ./posse makes)
#   --try            run the demo and a job of posse-neurocaas in the image
#   --packages       print the Debian packages that the program needs, and stop
#
# Needs Debian 12, root, buildah and mmdebstrap; no container service and no registry: a minimal Debian is made from the mirror
# that apt uses, and the image in chroot isolation. Where that is not possible says "SKIPPED: reason" and exits with 77. What is
# made on the way lies below build/container.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

say() { echo "make_container.sh: $*" >&2; }

skip() {
  echo "SKIPPED: $*"
  exit 77
}

tag=localhost/posse:$(<VERSION) build='' try='' packages=''
while (($# > 0)); do
  case $1 in
    --tag) tag=${2:?--tag takes a name} && shift ;;
    --build) build=${2:?--build takes a folder} && shift ;;
    --try) try=yes ;;
    --packages) packages=yes ;;
    *) say "error: unknown word '$1'; see the top of scripts/make_container.sh" && exit 2 ;;
  esac
  shift
done

# The packages of the libraries that the program itself names; apt adds theirs.
library_packages() {
  local name path
  while read -r name; do
    path=$(ldd "$1" | sed -n "s|^\\s*$name => \\(/\\S*\\) .*|\\1|p")
    [[ -n $path ]] || continue
    # dpkg knows a file by the name it was packed under, which may lack /usr.
    path=$(readlink -f -- "$path")
    dpkg-query --search "$path" "${path#/usr}" 2>/dev/null | sed -n '1s/:.*//p' || true
  done < <(objdump -p "$1" | sed -n 's/^ *NEEDED *//p') | sort -u
}

if [[ -z $build ]]; then
  ./posse --version >/dev/null
  build=build/user
fi
if [[ -n $packages ]]; then
  library_packages "$build/bin/posse"
  exit 0
fi
((EUID == 0)) || skip "making a container needs root"
for program in buildah mmdebstrap; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

work=$PWD/build/container
rm -rf -- "$work/context"
mkdir -p -- "$work/context"
cmake --install "$build" --component program --prefix "$work/context/posse" --strip >/dev/null
mapfile -t needed < <(library_packages "$build/bin/posse")
include=$(IFS=,; echo "${needed[*]},awscli,ca-certificates,unzip,zip")
# A base of the same packages is used again.
if [[ ! -s $work/rootfs.tar || $(cat -- "$work/packages" 2>/dev/null) != "$include" ]]; then
  say "making a minimal Debian 12 with ${include//,/ }"
  rm -f -- "$work/packages"
  mmdebstrap --quiet --variant=minbase --include="$include" bookworm "$work/rootfs.tar" 2>"$work/mmdebstrap.log" || {
    tail -n 5 -- "$work/mmdebstrap.log" >&2
    skip "no minimal Debian can be made from here, see $work/mmdebstrap.log"
  }
  echo "$include" >"$work/packages"
fi
ln -f -- "$work/rootfs.tar" "$work/context/rootfs.tar"

# Storage of its own; vfs works within containers and virtual machines, too.
in_storage() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

say "building $tag"
in_storage bud --quiet --isolation chroot --layers=false --file packaging/container/Containerfile --tag "$tag" "$work/context" >/dev/null
in_storage inspect --type image --format '{{.FromImageID}} {{.OCIv1.Config.Entrypoint}}' "$tag" >&2
[[ -n $try ]] || exit 0

container=$(in_storage from "$tag")
trap 'in_storage rm "$container" >/dev/null' EXIT
in_container() { in_storage run --isolation chroot "$container" -- "$@"; }

say "running the demo in it"
in_container posse demo --out /tmp/demo
say "running a job in it"
# shellcheck disable=SC2016  # for the shell inside
in_container bash -c 'set -eu
  mkdir -p ~/io-dir/inputs ~/io-dir/configs
  demo=/opt/posse/data/demo
  cp -r "$demo"/video/openarena.mp4 "$demo"/member-1 "$demo"/member-2 ~/io-dir/inputs
  printf "mode: predict\nmodelnames: [member-1, member-2]\nposse: {frames: \"0:10\"}\n" >~/io-dir/configs/config.yaml
  posse-neurocaas openarena.mp4 config.yaml
  test -s ~/io-dir/results/openarena_labeled_consensus.h5
  test "$(wc -l <~/io-dir/results/openarena_labeled_consensus.csv)" = 13
  command -v aws zip unzip >/dev/null'
say "the image works"
