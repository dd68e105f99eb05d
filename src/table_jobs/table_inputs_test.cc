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

}  // namespace
}  // namespace posse
