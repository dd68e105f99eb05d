// run.json of an earlier run, as somebody may have edited it.
#include "fuzz/fuzz_target.h"
#include "run/run_record.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  read_run_record(scratch_file("run.json", text_of(input)));
}
