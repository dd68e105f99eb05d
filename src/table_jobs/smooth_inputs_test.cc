#include "table_jobs/smooth_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;

using Files = std::vector<fs::path>;

TEST(FilesByCamera, NamesCountAsWords) {
  const auto groups =
      files_by_camera({"cam1_net.csv", "cam10_net.csv", "cam2_net.csv"}, {"1", "10", "2"});
  EXPECT_THAT(groups,
              ElementsAre(Files{"cam1_net.csv"}, Files{"cam10_net.csv"}, Files{"cam2_net.csv"}));
  EXPECT_THAT(files_by_camera({"2021_A.csv", "2021_B.csv"}, {"A", "B"}),
              ElementsAre(Files{"2021_A.csv"}, Files{"2021_B.csv"}));
  // nowhere a word: part of a name, as before
  EXPECT_THAT(files_by_camera({"mousetopnet.csv", "mousesidenet.csv"}, {"top", "side"}),
              ElementsAre(Files{"mousetopnet.csv"}, Files{"mousesidenet.csv"}));
  EXPECT_THROW(files_by_camera({"2021.csv", "cam2.csv"}, {"1", "2"}), Error);
}

TEST(FilesByCamera, TheCameraMayBeGivenWithTheFile) {
  Files paths = {"1=a/seed2.csv", "2=b", "other=c.csv"};
  const CamerasOfPaths given = take_camera_names(paths, {"1", "2"});
  EXPECT_THAT(paths, ElementsAre("a/seed2.csv", "b", "other=c.csv"));
  EXPECT_THAT(files_by_camera({"a/seed2.csv", "b/seed1.csv"}, {"1", "2"}, given),
              ElementsAre(Files{"a/seed2.csv"}, Files{"b/seed1.csv"}));
}

}  // namespace
}  // namespace posse
