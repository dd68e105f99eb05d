#!/usr/bin/env bash
# What a graphics card does: checks and speed of posse --device on a machine that need not have a registry or Debian's packages.
#
# Usage: scripts/gpu_check.sh bundle FOLDER [BIN]
#            here: puts the built programs (default build/release/bin), the libraries they need, the demo's data and this script
#            into FOLDER, and the same as pieces of 48 MB in FOLDER.tar.part-*
#        scripts/gpu_check.sh join PREFIX FILE
#            there: puts the pieces PREFIX* together again, of a bundle or of a library
#        scripts/gpu_check.sh run FOLDER LIBRARY OUT.json [DEVICE...]
#            there: tries every device, runs the demo on each DEVICE (default cuda) and on posse's own engine, and times 1 and 5 ResNet-50 at
#            640x480 in batches of 1 to 32 (POSSE_GPU_BATCHES, POSSE_GPU_SIZE, POSSE_GPU_NET, POSSE_GPU_ROUNDS change that). Needs no Python.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() { sed -n '4,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

bundle() {
  local folder=$1 bin=${2:-$here/../build/release/bin} program library
  mkdir -p "$folder/bin" "$folder/libs"
  for program in posse posse_bench_members; do
    cp "$bin/$program" "$folder/bin/"
    # The C and C++ runtimes are everywhere.
    ldd "$bin/$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | grep -Ev '/lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so' |
      while read -r library; do cp -Ln "$library" "$folder/libs/"; done
  done
  cp -r "$here/../data/demo" "$folder/"
  cp "${BASH_SOURCE[0]}" "$folder/"
  tar -C "$folder" -czf - . | split -b 48M - "$folder.tar.part-"
  ls -l "$folder".tar.part-*
}

# A text as a JSON string.
quoted() { awk 'BEGIN {RS = "\001"} {gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\n/, "\\n"); gsub(/\t/, " "); printf "\"%s\"", $0}'; }

# The program's JSON, or {"error": what it said}.
json_of() {
  local said
  if said=$("$@" 2>"$work/err"); then printf '%s' "$said"; else printf '{"error": %s}' "$(quoted <"$work/err")"; fi
}

# The part "backend" of a run.json.
backend_of() { awk '/^ *"backend": \{/ {inside = 1} inside {print} inside && /\}/ {exit}' "$1" | sed '1s/.*{/{/; $s/},*/}/'; }

run() {
  local folder library=$2 out=$3
  folder=$(cd "$1" && pwd)
  shift 3
  [[ $# -gt 0 ]] || set -- cuda
  export LD_LIBRARY_PATH=$folder/libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} POSSE_ORT_LIBRARY=$library
  local posse=$folder/bin/posse net=${POSSE_GPU_NET:-resnet_50} size=${POSSE_GPU_SIZE:-640x480} rounds=${POSSE_GPU_ROUNDS:-3}
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  local one five device batch comma=""
  one=$("$folder/bin/posse_bench_members" "$work/one" "$net" 1)
  five=$("$folder/bin/posse_bench_members" "$work/five" "$net" 5)
  {
    printf '{"card": %s,\n "doctor": %s,\n "devices": {' \
      "$( (nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1 || true) | quoted)" "$("$posse" doctor 2>&1 | quoted)"
    for device in "$@"; do
      printf '%s\n  "%s": {"demo": ' "$comma" "$device"
      comma=,
      if "$posse" run "$folder/demo/video/openarena.mp4" --members "$folder/demo" --frames 0:64 --consensus mean --out "$work/$device" \
        --device "$device" >"$work/said" 2>"$work/err" || [[ $? == 4 ]]; then
        backend_of "$work/$device/openarena/run.json"
      else
        printf '{"error": %s}' "$(quoted <"$work/err")"
      fi
      printf ',\n   "bench": ['
      local more=""
      for batch in ${POSSE_GPU_BATCHES:-1 2 4 8 16 32}; do
        # shellcheck disable=SC2086
        printf '%s\n    {"batch": %s, "one": %s,\n     "five": %s}' "$more" "$batch" \
          "$(json_of "$posse" bench $one --size "$size" --rounds "$rounds" --batch "$batch" --device "$device" --json)" \
          "$(json_of "$posse" bench $five --size "$size" --rounds "$rounds" --batch "$batch" --device "$device" --json)"
        more=,
      done
      printf ']}'
    done
    printf '}}\n'
  } >"$out"
  echo "written: $out"
}

case ${1:-} in
  bundle) [[ $# -ge 2 ]] || usage; shift; bundle "$@" ;;
  join) [[ $# == 3 ]] || usage; cat "$2"* >"$3" ;;
  run) [[ $# -ge 4 ]] || usage; shift; run "$@" ;;
  *) usage ;;
esac
