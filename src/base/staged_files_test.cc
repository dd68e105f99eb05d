#include "base/staged_files.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// All below a folder: contents of files, "/" for folders.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    all[entry.path().lexically_relative(folder).string()] =
        entry.is_directory() ? "/" : read_file(entry.path());
  return all;
}

struct Stopped {};

class StagedFilesTest : public ::testing::Test {
 protected:
  StagedFilesTest() {
    write_file(root() / "config.yaml", "old");
    write_file(root() / "a" / "one.png", "1");
    before_ = contents(root());
  }
  fs::path root() const { return folder_.path(); }
  /// Two new files, one in new folders, and a replaced one.
  void stage(StagedFiles& staged) const {
    write_file(staged.add(root() / "a" / "two.png"), "2");
    write_file(staged.replace(root() / "config.yaml", "old"), "new");
    write_file(staged.add(root() / "b" / "c" / "three.png"), "3");
  }
  void expect_all_new() const {
    auto expected = before_;
    expected["config.yaml"] = "new";
    expected["a/two.png"] = "2";
    expected["b"] = expected["b/c"] = "/";
    expected["b/c/three.png"] = "3";
    EXPECT_EQ(contents(root()), expected);
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> before_;
};

TEST_F(StagedFilesTest, AppearTogether) {
  {
    StagedFiles staged(root());
    stage(staged);
    EXPECT_EQ(read_file(root() / "config.yaml"), "old");
    EXPECT_FALSE(fs::exists(root() / "a" / "two.png"));
    EXPECT_EQ(staged.targets().size(), 3U);
    staged.commit();
  }
  expect_all_new();
}

TEST_F(StagedFilesTest, LeaveNothingWithoutCommit) {
  {
    StagedFiles staged(root());
    stage(staged);
  }
  EXPECT_EQ(contents(root()), before_);
}

TEST_F(StagedFilesTest, AreTakenBackWhereOneFails) {
  for (int reached = 0; reached < 3; ++reached) {
    {
      StagedFiles staged(root());
      stage(staged);
      int at = 0;
      EXPECT_THROW(staged.commit([&](const fs::path&) {
        if (at++ == reached) throw Stopped();
      }),
                   Stopped);
    }
    EXPECT_EQ(contents(root()), before_) << reached;
  }
}

TEST_F(StagedFilesTest, NeverReplaceWhatCameMeanwhile) {
  {
    StagedFiles staged(root());
    stage(staged);
    write_file(root() / "config.yaml", "edited");
    EXPECT_THROW(staged.commit(), Error);
    write_file(root() / "config.yaml", "old");
    write_file(root() / "b" / "c" / "three.png", "somebody's");
    EXPECT_THROW(staged.commit(), Error);
    fs::remove_all(root() / "b");
    // In the last moment: between the look at all places and this one's turn.
    EXPECT_THROW(staged.commit([&](const fs::path& target) {
      if (target.filename() == "two.png") write_file(target, "somebody's");
    }),
                 Error);
    EXPECT_EQ(read_file(root() / "a" / "two.png"), "somebody's");
    fs::remove(root() / "a" / "two.png");
  }
  EXPECT_EQ(contents(root()), before_);
}

TEST_F(StagedFilesTest, OfAProcessThatWasKilledAreTakenBackByTheNext) {
  for (int reached = -1; reached < 3; ++reached) {
    const pid_t child = ::fork();
    if (child == 0) {
      StagedFiles staged(root());
      stage(staged);
      if (reached < 0) ::_exit(0);
      int at = 0;
      staged.commit([&](const fs::path&) {
        if (at++ == reached) ::_exit(0);
      });
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    EXPECT_NE(contents(root()), before_);
    {
      const StagedFiles next(root());
      EXPECT_EQ(next.took_back(), reached >= 0);
    }
    EXPECT_EQ(contents(root()), before_) << reached;
  }
}

TEST_F(StagedFilesTest, LeaveWhatSomebodyChangedSinceAProcessWasKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    StagedFiles staged(root());
    stage(staged);
    int at = 0;
    staged.commit([&](const fs::path&) {
      if (at++ == 2) ::_exit(0);  // two.png and config.yaml are in their places
    });
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  write_file(root() / "config.yaml", "edited since");
  write_file(root() / "b" / "c" / "three.png", "somebody's");
  EXPECT_TRUE(StagedFiles(root()).took_back());
  auto expected = before_;
  expected["config.yaml"] = "edited since";
  expected["b"] = expected["b/c"] = "/";
  expected["b/c/three.png"] = "somebody's";
  EXPECT_EQ(contents(root()), expected);
}

TEST_F(StagedFilesTest, RefuseAFolderThatCannotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::permissions(root(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THROW(StagedFiles{root()}, Error);
  fs::permissions(root(), fs::perms::owner_all);
}

}  // namespace
}  // namespace posse
