#!/usr/bin/env bash
# check.sh [STAGE...]: the checks of continuous integration, all of them by default. Stages, in their order:
#
#   format   clang-format 14 on every source
#   layers   module layering (check_layers.py)
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
#                  target, checks against other programs from PyPI
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
