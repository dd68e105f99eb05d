#include "results/table/table_crop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "results/formats/pickle/pickle_text.h"
#include "results/table/convert_table.h"
#include "results/table/table_reader.h"
#include "results/table/table_summary.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What DeepLabCut writes beside a table.
std::string metadata(bool cropping, std::vector<int> box) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.text("data");
  pickle.begin_dict();
  pickle.text("cropping");
  pickle.boolean(cropping);
  pickle.set();
  pickle.text("cropping_parameters");
  pickle.begin_list();
  for (const int bound : box) {
    pickle.integer(bound);
    pickle.append();
  }
  pickle.set();
  pickle.set();
  return std::move(pickle).finish();
}

class CroppedTable : public ::testing::Test {
 protected:
  fs::path put(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }
  fs::path table(const std::string& name) const {
    return put(name,
               "scorer,S,S,S\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1.5,2.0,0.9\n1,,,0.0\n");
  }
  TemporaryFolder folder_;
};

// Source: DeepLabCut's extract_outlier_frames adds x1 and y1 when 'cropping' is true.
TEST_F(CroppedTable, IsMovedIntoTheWholeFrameAndSaysSo) {
  const fs::path path = table("mouseDLC_x.csv");
  put("mouseDLC_x_meta.pickle", metadata(true, {16, 272, 20, 276}));
  const LoadedPoses loaded = read_pose_table(path);
  EXPECT_EQ(loaded.table.poses.at(0, 0).x, 17.5);
  EXPECT_EQ(loaded.table.poses.at(0, 0).y, 22.0);
  EXPECT_TRUE(std::isnan(loaded.table.poses.at(1, 0).x));
  EXPECT_THAT(loaded.notes.warnings,
              ElementsAre(HasSubstr("cut to columns 16 to 272 and rows 20 to 276 "
                                    "(mouseDLC_x_meta.pickle)")));
  EXPECT_THAT(summarize_table(path).warnings, Contains(HasSubstr("columns 16 to 272")));
}

TEST_F(CroppedTable, FindsItsBoxUnderEveryNameThatDeepLabCutGives) {
  put("mouseDLC_x_meta.pickle", metadata(true, {16, 272, 20, 276}));
  put("catDLC_xincludingmetadata.pickle", metadata(true, {16, 272, 20, 276}));
  for (const char* name : {"mouseDLC_x_filtered.csv", "catDLC_x.csv", "catDLC_xfiltered.csv"}) {
    EXPECT_EQ(read_pose_table(table(name)).table.poses.at(0, 0).x, 17.5) << name;
  }
  EXPECT_EQ(read_pose_table(table("otherDLC_x.csv")).table.poses.at(0, 0).x, 1.5);
}

TEST_F(CroppedTable, IsLeftAsItIsWhereNothingWasCut) {
  put("mouseDLC_x_meta.pickle", metadata(false, {0, 640, 0, 480}));
  const LoadedPoses loaded = read_pose_table(table("mouseDLC_x.csv"));
  EXPECT_EQ(loaded.table.poses.at(0, 0).x, 1.5);
  EXPECT_THAT(loaded.notes.warnings, IsEmpty());
}

TEST_F(CroppedTable, SaysWhenItsPickleCannotBeUnderstood) {
  const fs::path path = table("mouseDLC_x.csv");
  for (const std::string& bytes : {std::string("no pickle"), metadata(true, {1, 2})}) {
    put("mouseDLC_x_meta.pickle", bytes);
    const LoadedPoses loaded = read_pose_table(path);
    EXPECT_EQ(loaded.table.poses.at(0, 0).x, 1.5);
    EXPECT_THAT(loaded.notes.warnings, ElementsAre(HasSubstr("_meta.pickle beside it cannot be")));
  }
}

TEST_F(CroppedTable, ConvertedElsewhereIsInTheWholeFrameAndBesideItsPickleInTheCutPicture) {
  const fs::path path = table("mouseDLC_x.csv");
  put("mouseDLC_x_meta.pickle", metadata(true, {16, 272, 20, 276}));
  const auto moved = convert_table(path, folder_.path() / "whole.h5", {}, false);
  EXPECT_THAT(moved, Contains(HasSubstr("columns 16 to 272")));
  EXPECT_EQ(read_pose_table(folder_.path() / "whole.h5").table.poses.at(0, 0).x, 17.5);
  // DeepLabCut and posse read the pickle with this one too: its numbers must stay.
  const auto kept = convert_table(path, folder_.path() / "mouseDLC_x.h5", {}, false);
  EXPECT_THAT(kept, Contains(HasSubstr("stay those of the cut picture")));
  EXPECT_EQ(read_pose_table(folder_.path() / "mouseDLC_x.h5").table.poses.at(0, 0).x, 17.5);
}

}  // namespace
}  // namespace posse
