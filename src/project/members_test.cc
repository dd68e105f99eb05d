// Folders of members as copying leaves them: incomplete, linked, packed, doubled, full of files
// that nobody put there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "project/project.h"
#include "support/errors.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MemberFolders : public ::testing::Test {
 protected:
  static constexpr const char* kTrain =
      "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/train";

  static void put(const fs::path& file, const std::string& text = "") {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  static void add_snapshot(const fs::path& train, const std::string& name) {
    put(train / (name + ".index"));
    put(train / (name + ".data-00000-of-00001"));
  }
  static void add_config(const fs::path& project) {
    put(project / "config.yaml",
        "Task: Reach\ndate: Aug30\nTrainingFraction: [0.95]\nbodyparts: [a, b]\n");
  }
  fs::path add_member(const std::string& name) const {
    add_config(top() / name);
    put(top() / name / kTrain / "pose_cfg.yaml", "net_type: resnet_50\n");
    add_snapshot(top() / name / kTrain, "snapshot-1000");
    return top() / name;
  }
  fs::path top() const { return folder_.path() / "members"; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const fs::path& path : expand_members(top()).paths) found.push_back(path.filename());
    return found;
  }
  FoundMembers find(bool skip_broken = false) const {
    return find_members(std::vector<fs::path>{top()}, {.skip_broken = skip_broken});
  }

  TemporaryFolder folder_;
};

TEST_F(MemberFolders, MembersWithoutNetworksOrConfigurationAreErrorsThatNameThem) {
  add_member("member-1");
  add_config(top() / "member-2");
  EXPECT_THAT(error_of([&] { find(); }).message(),
              HasSubstr("member-2: has a config.yaml but no dlc-models folder"));
  fs::remove_all(top() / "member-2");
  add_member("member-3");
  fs::remove(top() / "member-3/config.yaml");
  EXPECT_THAT(error_of([&] { find(); }).message(),
              HasSubstr("member-3: has dlc-models but no config.yaml"));
}

TEST_F(MemberFolders, MembersThatAreBrokenAreLeftOutWithAWarningIfThatIsAskedFor) {
  add_member("member-1");
  add_config(top() / "member-2");
  fs::create_directory_symlink("/nowhere/member-3", top() / "member-3");
  fs::remove(add_member("member-4") / kTrain / "snapshot-1000.index");
  const FoundMembers found = find(/*skip_broken=*/true);
  ASSERT_EQ(found.members.size(), 1);
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("member-2: has a config.yaml but no"),
                                          HasSubstr("member-3: is a link to /nowhere/member-3"),
                                          HasSubstr("train: has no snapshots")));
  fs::remove_all(top() / "member-1");
  EXPECT_THAT(error_of([&] { find(/*skip_broken=*/true); }).message(), HasSubstr("member-2"));
}

TEST_F(MemberFolders, LinksToNowhereAreErrors) {
  add_member("member-1");
  fs::create_directory_symlink("/nowhere/member-2", top() / "member-2");
  const Error error = error_of([&] { find(); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("member-2: is a link to /nowhere/member-2"));
  fs::remove(top() / "member-2");
  fs::create_directory_symlink(top() / "member-1", folder_.path() / "linked");
  EXPECT_EQ(find_members(std::vector<fs::path>{folder_.path() / "linked"}).members.size(), 1);
}

TEST_F(MemberFolders, ArchivesShortcutsAndEmptyFoldersAreTold) {
  add_member("member-1");
  put(top() / "member-1.zip");  // what member-1 was unpacked from
  put(top() / "member-2.tar.gz");
  put(top() / "member-3.LNK");
  fs::create_directories(top() / "member-4");
  fs::create_directories(top() / "notes/old");
  put(top() / "notes/readme.txt");
  put(top() / "readme.txt");
  EXPECT_THAT(names(), ElementsAre("member-1"));
  EXPECT_THAT(expand_members(top()).warnings,
              ElementsAre(HasSubstr("member-2.tar.gz: is an archive"),
                          HasSubstr("member-3.LNK: is a shortcut"),
                          HasSubstr("member-4: is an empty folder")));
  const auto message = [&](const fs::path& path) {
    return error_of([&] { expand_members(path); }).message();
  };
  EXPECT_THAT(message(top() / "member-2.tar.gz"), HasSubstr("is an archive, not a folder"));
  EXPECT_THAT(message(top() / "member-4"), HasSubstr("is an empty folder"));
  fs::remove_all(top() / "member-1");
  EXPECT_THAT(error_of([&] { find(); }).notes().have,
              HasSubstr("member-1.zip, member-2.tar.gz, member-3.LNK"));
}

TEST_F(MemberFolders, OneLevelTooDeepIsTold) {
  add_member("member-1");
  add_member("member-2/member-2");
  EXPECT_THAT(names(), ElementsAre("member-1"));
  EXPECT_THAT(expand_members(top()).warnings,
              ElementsAre(HasSubstr("member-2/member-2 is, one level too deep")));
  fs::remove_all(top() / "member-1");
  const Error error = error_of([&] { find(); });
  EXPECT_THAT(error.message(), HasSubstr("one level too deep"));
  EXPECT_EQ(error.notes().hint, "name " + (top() / "member-2").string());
}

TEST_F(MemberFolders, FilesThatSystemsLeaveAreNeitherMembersNorSnapshots) {
  const fs::path project = add_member("member-1");
  add_snapshot(project / kTrain, "._snapshot-9000");  // macOS
  put(project / kTrain / ".nfs000000000001.index");
  put(project / kTrain / ".snapshot-8000.index.a1B2c3");  // rsync
  put(top() / "._member-1");
  put(top() / ".Trash/member-7/config.yaml");
  put(top() / "__MACOSX/member-1" / kTrain / "._snapshot-1000.index");
  put(top() / "other/._snapshot-1000.index");
  const FoundMembers found = find();
  ASSERT_EQ(found.members.size(), 1);
  EXPECT_THAT(found.warnings, IsEmpty());
  EXPECT_EQ(found.members[0].snapshot.name, "snapshot-1000");
  EXPECT_EQ(found.members[0].snapshots.size(), 1);
  EXPECT_THAT(found.members[0].warnings, IsEmpty());
}

TEST_F(MemberFolders, CopiesOfCloudDrivesAreToldAndNotCounted) {
  const fs::path project = add_member("member-1");
  const fs::path train = project / kTrain;
  add_snapshot(train, "snapshot-500");
  for (const char* copy : {"snapshot-1000 (1)", "snapshot-1000 2", "snapshot-1000-DESKTOP-1A2B3C4"})
    put(train / fmt::format("{}.index", copy));
  const Member member = open_member(project);
  EXPECT_EQ(member.snapshot.name, "snapshot-1000");
  EXPECT_THAT(member.warnings, ElementsAre(HasSubstr("'snapshot-1000 (1)' looks like a cloud"),
                                           HasSubstr("'snapshot-1000 2' looks like a cloud"),
                                           HasSubstr("'snapshot-1000-DESKTOP-1A2B3C4' looks")));
  EXPECT_EQ(open_member(project, {.snapshot = "0"}).snapshot.name, "snapshot-500");
  EXPECT_EQ(open_member(project, {.snapshot = "-1"}).snapshot.name, "snapshot-1000");
  EXPECT_EQ(open_member(project, {.snapshot = "newest"}).snapshot.name, "snapshot-1000");
  EXPECT_EQ(open_members(project, {.snapshot = "all"}).size(), 2);
  EXPECT_EQ(open_member(project, {.snapshot = "snapshot-1000 (1)"}).snapshot.name,
            "snapshot-1000 (1)");
  add_snapshot(train, "snapshot-2000 (1)");  // its original is not there: a snapshot like others
  EXPECT_EQ(open_members(project, {.snapshot = "all"}).size(), 3);
}

TEST_F(MemberFolders, ANewestSnapshotWithoutDataNamesACompleteOne) {
  const fs::path project = add_member("member-1");
  put(project / kTrain / "snapshot-2000.index");
  const Error error = error_of([&] { require_data(open_member(project)); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("snapshot-2000.data-...: is missing"));
  EXPECT_EQ(error.notes().have, "snapshot-1000");
  EXPECT_THAT(error.notes().hint, HasSubstr("--snapshot snapshot-1000"));
  require_data(open_member(project, {.snapshot = "snapshot-1000"}));
}

}  // namespace
}  // namespace posse
