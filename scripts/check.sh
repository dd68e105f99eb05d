#!/usr/bin/env bash
# check.sh [STAGE...]: what continuous integration runs. Stages, in their order; all by default:
#
#   format   clang-format 14 on every source
#   layers   module layering (check_layers.py)
#   clang    everything built by Clang 14, warnings as errors
#   tidy     clang-tidy 14 on every source, or on those changed since $POSSE_CHECK_SINCE (a git revision)
#   asan     unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   test     ./posse test, the last, so that its summary ends the output
#
# All stages run even when one fails; the exit status is 0 only if all passed.
# shellcheck disable=SC2317  # the stages are called by name
set -uo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." || exit

jobs=$(nproc)
export CLANG_FORMAT=${CLANG_FORMAT:-clang-format-14} CLANG_TIDY=${CLANG_TIDY:-clang-tidy-14}

sources() { git ls-files --cached --others --exclude-standard -- 'src/*' 'tests/*' 'benchmarks/*' 'python/*' | grep -E "\.($1)$"; }

build_preset() {
  cmake --preset "$1" "${@:2}" >/dev/null && cmake --build "build/$1" --parallel "$jobs" -- --quiet
}

check_format() { sources 'h|cc' | xargs "$CLANG_FORMAT" --dry-run --Werror; }

check_layers() { scripts/check_layers.py; }

check_clang() { build_preset tidy; }

changed() {  # those of the files on stdin that $POSSE_CHECK_SINCE does not have in this form
  if [[ -n ${POSSE_CHECK_SINCE:-} ]]; then
    grep -xF -f <(git diff --name-only "$POSSE_CHECK_SINCE" && git ls-files --others --exclude-standard)
  else
    cat
  fi
}

check_tidy() {
  [[ -f build/tidy/compile_commands.json ]] || cmake --preset tidy >/dev/null || return
  sources cc | changed | grep -xF -f <(sed -n "s|^ *\"file\": \"$PWD/\(.*\)\".*|\1|p" build/tidy/compile_commands.json) |
    xargs --no-run-if-empty --max-args=1 --max-procs="$jobs" "$CLANG_TIDY" -p build/tidy --quiet 2> >(grep -v 'warnings\? generated' >&2)  # counts of those in system headers
}

check_asan() {
  build_preset asan && ctest --preset asan --parallel "$jobs" </dev/null
}

check_test() { ./posse test; }

stages=("$@")
((${#stages[@]} > 0)) || stages=(format layers clang tidy asan test)
scripts/install_packages.sh packages.txt packages-test.txt packages-check.txt || exit

failed=()
for stage in "${stages[@]}"; do
  if ! declare -F "check_$stage" >/dev/null; then
    echo "check.sh: unknown stage '$stage'; see the top of scripts/check.sh" >&2
    exit 2
  fi
  [[ $stage != test || ${#failed[@]} == 0 ]] || echo "check.sh: FAILED before the tests: ${failed[*]}"
  echo "check.sh: $stage"
  start=$SECONDS
  if "check_$stage"; then
    [[ $stage == test ]] || echo "check.sh: $stage passed in $((SECONDS - start)) s"
  else
    failed+=("$stage")
    [[ $stage == test ]] || echo "check.sh: $stage FAILED after $((SECONDS - start)) s"
  fi
done
exit $((${#failed[@]} > 0))
