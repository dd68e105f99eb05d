// NumPy's arrays.
#include "base/npy.h"
#include "fuzz/fuzz_target.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  const auto path = scratch_file("array.npy", text_of(input));
  expect_result_or_error([&] { read_npy(path); });
  expect_result_or_error([&] { read_npy_doubles(path); });
}
