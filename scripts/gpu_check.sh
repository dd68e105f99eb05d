#!/usr/bin/env bash
# What a graphics card does: checks and speed of posse --device on a machine that need not have a registry or Debian's packages.
#
# Usage: scripts/gpu_check.sh bundle FOLDER [BIN]
#            here: puts the built programs (default build/release/bin), the libraries they need, the demo's data and this script
#            into FOLDER, and the same as pieces of 48 MB in FOLDER.tar.part-*
#        scripts/gpu_check.sh join PREFIX FILE
#            there: puts the pieces PREFIX* together again, of a bundle or of a library
#        scripts/gpu_check.sh run FOLDER LIBRARY OUT.json [DEVICE...]
#            there: tries every device, runs the demo on each DEVICE (default cuda) in every precision, and times 1 and 5 ResNet-50 at
#            640x480 in batches of 1 to 32 (POSSE_GPU_PRECISIONS, POSSE_GPU_BATCHES, POSSE_GPU_SIZE, POSSE_GPU_NET, POSSE_GPU_ROUNDS change
#            that); then the same networks in PyTorch, if python3 (POSSE_GPU_PYTHON) has it with CUDA (POSSE_GPU_TORCH_DEVICE). What fails is
#            written as {"error": ...}. Needs coreutils, and Python for PyTorch alone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  local line
  while IFS= read -r line; do
    [[ $line == \#* ]] || break
    line=${line#\#}
    [[ $line == \!* ]] || printf '%s\n' "${line# }" >&2
  done <"${BASH_SOURCE[0]}"
  exit 2
}

bundle() {
  local folder=$1 bin=${2:-$here/../build/release/bin} program library
  mkdir -p "$folder/bin" "$folder/libs" "$folder/torch"
  for program in posse posse_bench_members; do
    cp "$bin/$program" "$folder/bin/"
    # The C and C++ runtimes are everywhere.
    ldd "$bin/$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | grep -Ev '/lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so' |
      while read -r library; do cp -Ln "$library" "$folder/libs/"; done
  done
  cp -r "$here/../data/demo" "$folder/"
  cp "$here"/../benchmarks/engines/{gpu_torch,onnx_to_torch,onnx_file}.py "$folder/torch/"
  cp "${BASH_SOURCE[0]}" "$folder/"
  tar -C "$folder" -czf - . | split -b 48M - "$folder.tar.part-"
  ls -l "$folder".tar.part-*
}

# A text as a JSON string.
quoted() {
  local text
  text=$(tr -d '\000-\010\013-\037')
  text=${text//\\/\\\\} text=${text//\"/\\\"}
  text=${text//$'\n'/\\n} text=${text//$'\t'/ }
  printf '"%s"' "$text"
}

# The program's JSON, or {"error": what it said}.
json_of() {
  local said
  if said=$("$@" 2>"$work/err"); then printf '%s' "$said"; else printf '{"error": %s}' "$(quoted <"$work/err")"; fi
}

# The part "backend" of a run.json, which is written with one key a line.
backend_of() {
  local line opened closed depth=0 text=""
  while IFS= read -r line; do
    [[ $depth -gt 0 || $line == *'"backend": {'* ]] || continue
    [[ $depth -gt 0 ]] || line="{${line#*\{}"
    opened=${line//[^\{]/} closed=${line//[^\}]/}
    depth=$((depth + ${#opened} - ${#closed}))
    text+=$line
    [[ $depth -gt 0 ]] || break
  done <"$1"
  printf '%s' "${text%,}"
}

# The demo on a device in a precision.
demo() {
  local out=$work/demo-$1-$2
  if "$posse" run "$folder/demo/video/openarena.mp4" --members "$folder/demo" --frames 0:64 --consensus mean --out "$out" --device "$1" \
    --precision "$2" >"$work/said" 2>"$work/err" || [[ $? == 4 ]]; then
    backend_of "$out/openarena/run.json"
  else
    printf '{"error": %s}' "$(quoted <"$work/err")"
  fi
}

# The networks on a device in a precision, batch by batch.
bench() {
  local batch more=""
  printf '['
  for batch in $batches; do
    printf '%s\n     {"batch": %s, "one": %s,\n      "five": %s}' "$more" "$batch" \
      "$(json_of "$posse" bench "${five[0]}" --size "$size" --rounds "$rounds" --batch "$batch" --device "$1" --precision "$2" --json)" \
      "$(json_of "$posse" bench "${five[@]}" --size "$size" --rounds "$rounds" --batch "$batch" --device "$1" --precision "$2" --json)"
    more=,
  done
  printf ']'
}

# The same networks in PyTorch.
torch() {
  local python=${POSSE_GPU_PYTHON:-python3} i models=()
  for i in "${!five[@]}"; do
    if ! "$posse" export "${five[$i]}" --float-input --onnx "$work/net-$i.onnx" >"$work/said" 2>"$work/err"; then
      printf '{"error": %s}' "$(quoted <"$work/err")"
      return
    fi
    models+=("$work/net-$i.onnx")
  done
  # The bundle's libraries are for posse.
  json_of env LD_LIBRARY_PATH="$path_of_libraries" "$python" "$folder/torch/gpu_torch.py" "${POSSE_GPU_TORCH_DEVICE:-cuda}" "$size" "$rounds" \
    "${batches// /,}" "${models[@]}"
}

run() {
  folder=$(cd "$1" && pwd)
  local library=$2 out=$3
  shift 3
  [[ $# -gt 0 ]] || set -- cuda
  path_of_libraries=${LD_LIBRARY_PATH:-}
  export LD_LIBRARY_PATH=$folder/libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} POSSE_ORT_LIBRARY=$library
  posse=$folder/bin/posse size=${POSSE_GPU_SIZE:-640x480} rounds=${POSSE_GPU_ROUNDS:-3} batches=${POSSE_GPU_BATCHES:-1 2 4 8 16 32}
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mapfile -t five < <("$folder/bin/posse_bench_members" "$work/members" "${POSSE_GPU_NET:-resnet_50}" 5)
  local device precision comma="" more
  {
    printf '{"card": %s,\n "doctor": %s,\n "devices": {' \
      "$( (nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1 || true) | quoted)" "$("$posse" doctor 2>&1 | quoted)"
    for device in "$@"; do
      printf '%s\n  "%s": {' "$comma" "$device"
      comma=, more=""
      for precision in ${POSSE_GPU_PRECISIONS:-fp32 tf32 fp16}; do
        printf '%s\n   "%s": {"demo": %s,\n    "bench": %s}' "$more" "$precision" "$(demo "$device" "$precision")" "$(bench "$device" "$precision")"
        more=,
      done
      printf '}'
    done
    printf '},\n "torch": %s}\n' "$(torch)"
  } >"$out"
  echo "written: $out"
}

case ${1:-} in
  bundle) [[ $# -ge 2 ]] || usage; shift; bundle "$@" ;;
  join) [[ $# == 3 ]] || usage; cat "$2"* >"$3" ;;
  run) [[ $# -ge 4 ]] || usage; shift; run "$@" ;;
  *) usage ;;
esac
