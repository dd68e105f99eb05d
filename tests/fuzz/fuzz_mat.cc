// Arrays of MATLAB files.
#include "fuzz/fuzz_target.h"
#include "results/formats/matlab/mat_reader.h"

namespace posse::fuzz {

void read_input(std::span<const uint8_t> input) {
  const auto path = scratch_file("labels.mat", text_of(input));
  expect_result_or_error([&] { read_mat_array(path, "true_xy"); });
  expect_result_or_error([&] { read_mat_texts(path, "dataset", "image"); });
}

}  // namespace posse::fuzz
