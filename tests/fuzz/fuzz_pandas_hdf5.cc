// Tables that pandas wrote as HDF5, in both of its layouts.
#include "fuzz/hdf5_edits.h"
#include "results/table/table_reader.h"

namespace posse::fuzz {

void read_input(std::span<const uint8_t> bytes) {
  constexpr const char* kBases[] = {"pandas_table.h5", "pandas_fixed.h5", "pandas_labels.h5"};
  Input input(bytes);
  const auto path = edited_hdf5(kBases, input);
  expect_result_or_error([&] { read_raw_table(path); });
  expect_result_or_error([&] { read_pose_table(path); });
  expect_result_or_error([&] { read_label_table(path); });
}

}  // namespace posse::fuzz
