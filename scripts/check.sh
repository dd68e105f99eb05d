#!/usr/bin/env bash
# check.sh [STAGE...]: the checks of the project, all of these by default; .ci/run names those of continuous integration.
# Stages, in their order:
#
#   format   clang-format 14 on every source
#   layers   module layering (check_layers.py), headers and sources that belong together (check_pairs.py), plain words
#            (check_words.py)
#   clang    everything built by Clang 14 with AddressSanitizer and UndefinedBehaviorSanitizer, warnings as errors
#   tidy     clang-tidy 14 on the sources that changed, newest first, until the time is used up (tidy.py)
#   asan     unit tests of that build
#   fuzz     a few seconds of every fuzz target (tests/fuzz)
#   tsan     tests of threads under ThreadSanitizer
#   test     ./posse test, the last, so that its summary ends the output
#
# On their own:
#
#   slow           what continuous integration has no time for, before a change is called done: clang-tidy on every source,
#                  whole-program tests under AddressSanitizer, every unit test under ThreadSanitizer, a minute of every fuzz
#                  target, and the container (make_container.sh) where one can be made
#   fuzz SECONDS   every fuzz target for so long
#
# All stages run even when one fails; the exit status is 0 only if all passed. Before the tests' summary stands a table of
# the stages' times. $POSSE_CHECK_SINCE names the git revision against which sources count as changed (tidy.py says what
# holds without it).
# shellcheck disable=SC2317  # the stages are called by name
set -uo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." || exit

readonly kDefaultStages=(format layers clang tidy asan fuzz tsan test)
readonly kFuzzSeconds=4 kSlowFuzzSeconds=60 kTidySeconds=240
# Tests that start threads, share what several threads tune, or take locks; and the programs that hold them.
readonly kThreadedTests='^(AvailableThreads|ParallelFor|Parallel|Pipeline|Journal|JournalLock|TuningCache)\.|ThreadsDoNotChange|DoNotDependOnThreads'
readonly kThreadedPrograms=(posse_base_test posse_ensemble_test posse_network_cpu_test posse_run_test posse_smoothing_test)

jobs=$(nproc)
export CLANG_FORMAT=${CLANG_FORMAT:-clang-format-14} CLANG_TIDY=${CLANG_TIDY:-clang-tidy-14}
# Where the sanitizers find function names for their reports.
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp print_suppressions=0"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=1 external_symbolizer_path=$ASAN_SYMBOLIZER_PATH"

sources() { git ls-files --cached --others --exclude-standard -- 'src/*' 'tests/*' 'benchmarks/*' 'python/*' | grep -E "\.($1)$"; }

# build PRESET [TARGET...]
build() {
  cmake --preset "$1" >/dev/null && cmake --build "build/$1" --parallel "$jobs" ${2:+--target "${@:2}"} -- --quiet
}

# run_ctest PRESET ARGUMENT...
run_ctest() { scripts/run_tests.py --test-dir "build/$1" --parallel "$jobs" --output-on-failure "${@:2}"; }

check_format() { sources 'h|cc' | xargs "$CLANG_FORMAT" --dry-run --Werror; }

check_layers() { scripts/check_layers.py && scripts/check_pairs.py && scripts/check_words.py; }

check_clang() { build asan; }

check_tidy() { cmake --preset asan >/dev/null && scripts/tidy.py --build build/asan --seconds "$kTidySeconds"; }

check_asan() { build asan && run_ctest asan --label-regex unit; }

check_fuzz() { build asan fuzz_targets && scripts/fuzz.py --build build/asan --seconds "${fuzz_seconds:-$kFuzzSeconds}"; }

check_tsan() { build tsan "${kThreadedPrograms[@]}" && run_ctest tsan --tests-regex "$kThreadedTests"; }

check_test() { ./posse test --summary-to "$summary"; }

check_slow() {
  local failed=0
  build asan && scripts/tidy.py --build build/asan --all || failed=1
  POSSE_SLOW_TESTS=1 run_ctest asan --label-exclude 'unit|python' || failed=1
  build tsan && run_ctest tsan --label-regex unit || failed=1
  scripts/fuzz.py --build build/asan --seconds "$kSlowFuzzSeconds" || failed=1
  scripts/make_container.sh --try || (($? == 77)) || failed=1
  return "$failed"
}

stages=() fuzz_seconds=
for word in "$@"; do
  if [[ $word =~ ^[0-9]+$ && ${stages[*]: -1} == fuzz ]]; then
    fuzz_seconds=$word
  elif declare -F "check_$word" >/dev/null; then
    stages+=("$word")
  else
    echo "check.sh: unknown stage '$word'; see the top of scripts/check.sh" >&2
    exit 2
  fi
done
((${#stages[@]} > 0)) || stages=("${kDefaultStages[@]}")
# The layers need nothing but Python.
[[ ${stages[*]} == layers ]] || scripts/install_packages.sh packages.txt packages-test.txt packages-check.txt || exit
# The test that makes the site is skipped without these.
[[ ${stages[*]} != *test* ]] || scripts/install_packages.sh packages-docs.txt || true

summary=$(mktemp "${TMPDIR:-/tmp}/posse-check.XXXXXX")
trap 'rm -f "$summary"' EXIT
table=() num_failed=0
for stage in "${stages[@]}"; do
  echo "check.sh: $stage"
  start=$SECONDS
  if "check_$stage"; then verdict=passed; else verdict=FAILED num_failed=$((num_failed + 1)); fi
  table+=("$(printf '%-8s %5d s  %s' "$stage" $((SECONDS - start)) "$verdict")")
  echo "check.sh: $stage $verdict after $((SECONDS - start)) s"
done
printf '\nStages, %d s in all:\n' "$SECONDS"
printf '  %s\n' "${table[@]}"
((num_failed == 0)) || echo "check.sh: $num_failed of ${#stages[@]} stages FAILED"
cat "$summary"
exit $((num_failed > 0))
