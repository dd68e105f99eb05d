#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "support/errors.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

TEST(WriteFile, AppearsWholeAndLeavesNoTemporaryName) {
  const TemporaryFolder folder;
  write_file(folder.path() / "sub" / "a.txt", "hello");
  EXPECT_EQ(read_file(folder.path() / "sub" / "a.txt"), "hello");
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path() / "sub")) ++files;
  EXPECT_EQ(files, 1U);
}

TEST(PendingFile, WithoutCommitNothingIsLeft) {
  const TemporaryFolder folder;
  fs::path temporary;
  {
    const PendingFile pending(folder.path() / "b.txt");
    temporary = pending.temporary();
    std::ofstream(temporary) << "half";
    EXPECT_TRUE(fs::exists(temporary));
  }
  EXPECT_FALSE(fs::exists(temporary));
  EXPECT_FALSE(fs::exists(folder.path() / "b.txt"));
}

TEST(MappedFile, GivesTheBytesAndAcceptsAnEmptyFile) {
  const TemporaryFolder folder;
  write_file(folder.path() / "c", "xyz");
  write_file(folder.path() / "empty", "");
  const MappedFile mapped(folder.path() / "c");
  ASSERT_EQ(mapped.bytes().size(), 3U);
  EXPECT_EQ(mapped.bytes()[1], 'y');
  EXPECT_TRUE(MappedFile(folder.path() / "empty").bytes().empty());
}

TEST(MappedFile, ReleasedPagesAreReadAgain) {
  const TemporaryFolder folder;
  const std::string text(100'000, 'x');
  write_file(folder.path() / "a", text);
  const MappedFile mapped(folder.path() / "a");
  const auto bytes = mapped.bytes();
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'), 100'000);
  mapped.release(bytes.subspan(1, 90'000));
  mapped.release(bytes.subspan(5, 1));  // less than a page
  mapped.release({});
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'), 100'000);
}

TEST(ReadFile, NamesTheMissingFile) {
  try {
    read_file("/nonexistent/config.yaml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_NE(std::string(error.what()).find("/nonexistent/config.yaml"), std::string::npos);
  }
}

TEST(ReadFile, RefusesFoldersAndFilesBeyondTheLimit) {
  const TemporaryFolder folder;
  write_file(folder.path() / "d", "12345");
  EXPECT_THROW(read_file(folder.path() / "d", 4), Error);
  EXPECT_THROW(MappedFile{folder.path()}, Error);
}

TEST(PendingFile, TakesAwayWhatADeadProcessLeftForTheSameTarget) {
  const TemporaryFolder folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const auto partial = [&](const std::string& name, pid_t process) {
    fs::path path = folder.path() / ("." + name + "." + std::to_string(process) + "-0.partial");
    write_file(path, "half");
    return path;
  };
  const fs::path ours = partial("a.h5", dead);
  const fs::path others = partial("b.h5", dead);
  const fs::path at_work = partial("a.h5", ::getpid());
  const std::string number = std::to_string(dead) + "-0@";
  write_file(folder.path() / (".a.h5." + number + machine_tag() + ".partial"), "half");
  const fs::path elsewhere = folder.path() / (".a.h5." + number + "00c0ffee.partial");
  write_file(elsewhere, "at work on another machine");
  write_file(folder.path() / ".a.h5.partial", "somebody's own");
  write_file(folder.path() / "a.h5", "whole");
  EXPECT_FALSE(fs::exists(ours));
  EXPECT_FALSE(fs::exists(folder.path() / (".a.h5." + number + machine_tag() + ".partial")));
  EXPECT_TRUE(fs::exists(elsewhere));
  EXPECT_TRUE(fs::exists(others));
  EXPECT_TRUE(fs::exists(at_work));
  EXPECT_EQ(remove_abandoned_partials_in(folder.path(), "b"), 1U);
  EXPECT_FALSE(fs::exists(others));
  EXPECT_TRUE(fs::exists(at_work));
  EXPECT_TRUE(fs::exists(folder.path() / ".a.h5.partial"));
}

TEST(PendingFile, NewNamesWithControlCharactersAreRefused) {
  const TemporaryFolder folder;
  for (const char* name : {"a\x1b[31m.csv", "b\n/c.csv", "\x7f"}) {
    EXPECT_EQ(testing::error_of([&] { write_file(folder.path() / name, "x"); }).kind(),
              ErrorKind::usage)
        << name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  std::filesystem::create_directory(folder.path() / "b\n");  // what is there already is used
  write_file(folder.path() / "b\n" / "c.csv", "x");
  EXPECT_EQ(read_file(folder.path() / "b\n" / "c.csv"), "x");
}

}  // namespace
}  // namespace posse
