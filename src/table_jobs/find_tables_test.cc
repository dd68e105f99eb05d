#include "table_jobs/find_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A folder with tables of one keypoint at (x, 2).
class FindTables : public testing::Test {
 protected:
  fs::path table(const std::string& name, double x = 1) const {
    const fs::path path = folder() / name;
    write_pose_table(path, {"S", {{"nose"}, {0}, {{x, 2, 0.5}}}});
    return path;
  }
  const fs::path& folder() const { return scratch_.path(); }
  std::vector<std::string> names(const FoundTables& found) const {
    std::vector<std::string> all;
    for (const fs::path& file : found.files) all.push_back(file.filename().string());
    return all;
  }

 private:
  TemporaryFolder scratch_;
};

TEST_F(FindTables, HiddenFilesAreNone) {
  table("seed1.csv");
  for (const char* name : {"._seed1.csv", "._seed1.h5", ".nfs0001.csv", ".~lock.seed1.csv"}) {
    write_file(folder() / name, "Mac OS X");
  }
  EXPECT_THAT(names(find_tables({folder()})), ElementsAre("seed1.csv"));
}

TEST_F(FindTables, FormatsOfOneRunAreOneTable) {
  for (const char* name : {"seed1.h5", "seed1.csv", "seed2.csv", "seed2.h5"}) table(name);
  for (const std::vector<fs::path>& paths :
       {std::vector{folder()}, std::vector{folder() / "seed1.csv", folder() / "seed1.h5",
                                           folder() / "seed2.h5", folder() / "seed2.csv"}}) {
    const FoundTables found = find_tables(paths);
    EXPECT_THAT(names(found), ElementsAre("seed1.h5", "seed2.h5"));
    EXPECT_THAT(found.notes, ElementsAre("seed1.csv is the same table as seed1.h5; read once",
                                         "seed2.csv is the same table as seed2.h5; read once"));
    EXPECT_THAT(found.warnings, IsEmpty());
  }
}

TEST_F(FindTables, FormatsThatDifferAreWarnedOf) {
  table("seed1.h5", 1);
  table("seed1.CSV", 1.5);
  const FoundTables found = find_tables({folder()});
  EXPECT_THAT(names(found), ElementsAre("seed1.h5"));
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("they differ (frame 0, nose)")));
}

TEST_F(FindTables, EqualStemsInTwoFoldersAreTwoTables) {
  fs::create_directory(folder() / "a");
  fs::create_directory(folder() / "b");
  const FoundTables found = find_tables({table("a/pose.h5"), table("b/pose.csv")});
  EXPECT_EQ(found.files.size(), 2U);
}

TEST_F(FindTables, FilteredTablesAndCopiesAreWarnedOf) {
  for (const char* name : {"mouseDLC_a_1.h5", "mouseDLC_a_1_filtered.h5",
                           "mouseDLC_a_1filtered.csv", "mouseDLC_a_1 (1).h5", "unfiltered.h5"}) {
    table(name);
  }
  const FoundTables found = find_tables({folder()});
  EXPECT_EQ(found.files.size(), 5U);
  EXPECT_THAT(found.warnings,
              ElementsAre(HasSubstr("mouseDLC_a_1 (1).h5 looks like a copy of mouseDLC_a_1.h5"),
                          HasSubstr("mouseDLC_a_1_filtered.h5 is the filtered mouseDLC_a_1.h5"),
                          HasSubstr("mouseDLC_a_1filtered.csv is the filtered mouseDLC_a_1.h5")));
}

TEST_F(FindTables, SkeletonsOfAFolderAreLeftOut) {
  table("mouseDLC_a_1.h5");
  table("mouseDLC_a_1_skeleton.h5");
  const FoundTables found = find_tables({folder()});
  EXPECT_THAT(names(found), ElementsAre("mouseDLC_a_1.h5"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("holds a skeleton, not poses")));
}

TEST_F(FindTables, NamesTheSystemRefusesAreErrorsOfTheCaller) {
  EXPECT_THROW(find_tables({""}), Error);
  EXPECT_THROW(find_tables({folder() / std::string(300, 'x')}), Error);
  EXPECT_THROW(find_tables({folder() / "none"}), Error);
  EXPECT_THROW(find_tables({folder()}), Error);
}

}  // namespace
}  // namespace posse
