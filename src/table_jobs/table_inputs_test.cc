#include "table_jobs/table_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(TableInputs, IdenticalPosesAreWarnedOf) {
  const TemporaryFolder scratch;
  const auto write = [&](const char* name, Keypoint nose) {
    write_pose_table(scratch.path() / name, {"S", {{"nose"}, {0}, {nose}}});
    return scratch.path() / name;
  };
  const auto a = write("a.csv", {0.1, 2, 0.5});
  const auto b = write("b.h5", {static_cast<double>(0.1F), 2, 0.5});  // the digits of float32
  const auto c = write("c.csv", {0.2, 2, 0.5});
  const auto d = write("d.csv", {kNan, kNan, 0});
  const auto e = write("e.csv", {kNan, kNan, 0});
  EXPECT_THAT(read_tables({a, b, c}, false).warnings,
              ElementsAre(HasSubstr("a.csv and b.h5 hold the same poses")));
  EXPECT_THAT(read_tables({a, c}, false).warnings, IsEmpty());
  EXPECT_THAT(read_tables({d, e}, false).warnings,
              testing::Not(testing::Contains(HasSubstr("same"))));
}

TEST(TableInputs, ATableWrittenTwiceIntoTwoFoldersCountsOnce) {
  const TemporaryFolder scratch;
  const auto write = [&](const std::filesystem::path& name, double x) {
    std::filesystem::create_directories((scratch.path() / name).parent_path());
    write_pose_table(scratch.path() / name, {"S", {{"nose"}, {0}, {{x, 2, 0.5}}}});
    return scratch.path() / name;
  };
  const auto h5 = write("members/m/X.h5", 1);
  const auto csv = write("members-csv/m/X.csv", 1);
  const auto other = write("members-csv/n/X.csv", 3);
  const TableInputs found = read_tables({h5, csv, other}, false);
  EXPECT_THAT(found.files, ElementsAre(h5, other));
  EXPECT_EQ(found.tables.members.size(), 2U);
  EXPECT_THAT(found.warnings, ElementsAre("X.csv holds what X.h5 holds: one table"));
}

}  // namespace
}  // namespace posse
