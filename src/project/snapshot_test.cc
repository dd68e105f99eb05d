#include "project/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SnapshotName, OfDeepLabCutHasItsIterations) {
  const SnapshotName name = parse_snapshot_name("snapshot-1030000");
  EXPECT_EQ(name.kind, SnapshotKind::dlc);
  EXPECT_EQ(name.number, 1030000);
  EXPECT_EQ(parse_snapshot_name("model.ckpt").number, -1);
  EXPECT_EQ(parse_snapshot_name("snapshot-best").number, -1);
  EXPECT_EQ(parse_snapshot_name("snapshot-99999999999999999999").number, -1);
}

TEST(SnapshotName, OfDeepGraphPoseHasStepAndFinal) {
  const SnapshotName last = parse_snapshot_name("snapshot-step2-final--0");
  EXPECT_EQ(last.kind, SnapshotKind::dgp);
  EXPECT_EQ(last.step, 2);
  EXPECT_TRUE(last.final);
  const SnapshotName rolling = parse_snapshot_name("snapshot-step1--4500");
  EXPECT_EQ(rolling.kind, SnapshotKind::dgp);
  EXPECT_FALSE(rolling.final);
  EXPECT_EQ(rolling.number, 4500);
  const SnapshotName debug = parse_snapshot_name("snapshot-step12my-test-final--0");
  EXPECT_EQ(debug.step, 12);
  EXPECT_TRUE(debug.final);
}

TEST(SnapshotName, ThatOnlyResemblesDeepGraphPoseIsDeepLabCut) {
  for (const char* name : {"snapshot-step", "snapshot-step2", "snapshot-step2-5",
                           "snapshot-stepx--5", "snapshot-step--5", "--5", "-", ""}) {
    EXPECT_EQ(parse_snapshot_name(name).kind, SnapshotKind::dlc) << name;
  }
}

class SnapshotFolder : public ::testing::Test {
 protected:
  void touch(const std::string& name) const { std::ofstream(folder_.path() / name) << "x"; }
  void add(const std::string& name) const {
    touch(name + ".index");
    touch(name + ".data-00000-of-00001");
    touch(name + ".meta");
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const Snapshot& snapshot : list_snapshots(folder_.path())) found.push_back(snapshot.name);
    return found;
  }
  std::string choose(const std::string& wanted,
                     std::optional<int> config_index = std::nullopt) const {
    const auto all = list_snapshots(folder_.path());
    return all[choose_snapshot(all, wanted, config_index, "train").index].name;
  }
  TemporaryFolder folder_;
};

TEST_F(SnapshotFolder, IsListedInOrderOfTraining) {
  for (const char* name :
       {"snapshot-step2-final--0", "snapshot-step2--100", "snapshot-100000", "snapshot-50000",
        "snapshot-step1-final--0", "snapshot-step0-final--0", "snapshot-step2--20"}) {
    add(name);
  }
  EXPECT_THAT(names(), ElementsAre("snapshot-50000", "snapshot-100000", "snapshot-step0-final--0",
                                   "snapshot-step1-final--0", "snapshot-step2--20",
                                   "snapshot-step2--100", "snapshot-step2-final--0"));
}

TEST_F(SnapshotFolder, WithoutSnapshotsOrNotThereIsEmpty) {
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(list_snapshots(folder_.path() / "nowhere").empty());
}

TEST_F(SnapshotFolder, TellsWhetherTheDataAreThere) {
  touch("a.index");
  add("b");
  touch("c.index");
  touch("c.data-00000-of-00002");
  touch("d.index");
  touch("d.data-00000-of-00002");
  touch("d.data-00001-of-00002");
  const auto all = list_snapshots(folder_.path());
  ASSERT_EQ(all.size(), 4);
  EXPECT_FALSE(all[0].has_data);
  EXPECT_TRUE(all[1].has_data);
  EXPECT_FALSE(all[2].has_data);
  EXPECT_TRUE(all[3].has_data);
}

TEST_F(SnapshotFolder, DefaultIsTheLastOrTheConfigurationsIndex) {
  for (const char* name : {"snapshot-1000", "snapshot-2000", "snapshot-10000"}) add(name);
  EXPECT_EQ(choose(""), "snapshot-10000");
  EXPECT_EQ(choose("", -1), "snapshot-10000");
  EXPECT_EQ(choose("", 0), "snapshot-1000");
  EXPECT_EQ(choose("", -2), "snapshot-2000");
  EXPECT_THROW(choose("", 3), Error);
  EXPECT_EQ(choose("newest", 0), "snapshot-10000");
}

TEST_F(SnapshotFolder, DeepGraphPoseComesAfterDeepLabCutWhateverTheConfigurationsIndex) {
  for (const char* name : {"snapshot-1000", "snapshot-step2-final--0", "snapshot-step2--10"})
    add(name);
  EXPECT_EQ(choose(""), "snapshot-step2-final--0");
  EXPECT_EQ(choose("", 0), "snapshot-step2-final--0");
}

TEST_F(SnapshotFolder, NamesNumbersAndPositionsChoose) {
  for (const char* name : {"snapshot-1000", "snapshot-2000", "snapshot-3000"}) add(name);
  EXPECT_EQ(choose("snapshot-2000"), "snapshot-2000");
  EXPECT_EQ(choose("2000"), "snapshot-2000");
  EXPECT_EQ(choose("1"), "snapshot-2000");
  EXPECT_EQ(choose("-3"), "snapshot-1000");
}

TEST_F(SnapshotFolder, AnUnknownNameListsThoseThereAre) {
  add("snapshot-1000");
  try {
    choose("snapshot-103000");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.message(), HasSubstr("snapshot 'snapshot-103000' not found in train"));
    EXPECT_EQ(error.notes().have, "snapshot-1000");
  }
  EXPECT_THROW(choose("-2"), Error);
}

TEST_F(SnapshotFolder, BestNeedsAnEvaluation) {
  for (const char* name : {"snapshot-1000", "snapshot-2000", "snapshot-3000"}) add(name);
  auto all = list_snapshots(folder_.path());
  EXPECT_THROW(choose_snapshot(all, "best", {}, "train"), Error);
  all[0].test_error = 5.5;
  all[1].test_error = 4.25;
  const SnapshotChoice choice = choose_snapshot(all, "best", {}, "train");
  EXPECT_EQ(choice.index, 1);
  EXPECT_THAT(choice.reason, HasSubstr("4.25 px"));
}

}  // namespace
}  // namespace posse
