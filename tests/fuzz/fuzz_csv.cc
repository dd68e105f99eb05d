// Text tables: as they are, as predictions, as hand labels.
#include "fuzz/fuzz_target.h"
#include "results/formats/csv/csv_reader.h"
#include "results/table/table_kind.h"
#include "results/table/table_reader.h"

namespace posse::fuzz {

void read_input(std::span<const uint8_t> input) {
  const auto path = scratch_file("table.csv", text_of(input));
  if (detect_table_kind(path) != TableKind::csv) return;
  expect_result_or_error([&] { read_csv_table(path); });
  expect_result_or_error([&] { read_pose_table(path); });
  expect_result_or_error([&] { read_label_table(path); });
}

}  // namespace posse::fuzz
