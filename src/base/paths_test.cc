#include "base/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

ErrorKind kind_of_failure(const fs::path& path) {
  try {
    kind_of_path(path);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::interrupted;
}

TEST(Paths, WhatLiesThereIsSaid) {
  const TemporaryFolder scratch;
  write_file(scratch.path() / "a", "x");
  fs::create_symlink("nowhere", scratch.path() / "dead");
  EXPECT_EQ(kind_of_path(scratch.path()), PathKind::folder);
  EXPECT_EQ(kind_of_path(scratch.path() / "a"), PathKind::file);
  EXPECT_EQ(kind_of_path(scratch.path() / "b"), PathKind::absent);
  EXPECT_EQ(kind_of_path(scratch.path() / "dead"), PathKind::absent);
  EXPECT_EQ(kind_of_path(scratch.path() / "a" / "b"), PathKind::absent);
  EXPECT_EQ(kind_of_path("/dev/null"), PathKind::other);
}

TEST(Paths, NamesTheSystemRefusesAreErrorsOfTheCaller) {
  const TemporaryFolder scratch;
  EXPECT_EQ(kind_of_failure(""), ErrorKind::usage);
  EXPECT_EQ(kind_of_failure(scratch.path() / std::string(300, 'x')), ErrorKind::io);
  fs::create_symlink("circle", scratch.path() / "circle");
  EXPECT_EQ(kind_of_failure(scratch.path() / "circle"), ErrorKind::io);
}

TEST(Paths, WhatIsInTheWayOfAFileIsNamed) {
  const TemporaryFolder scratch;
  const fs::path& at = scratch.path();
  write_file(at / "file", "x");
  fs::create_symlink("nowhere", at / "dead");
  EXPECT_EQ(why_not_writable(at / "new.h5"), "");
  EXPECT_EQ(why_not_writable(at / "file"), "");  // would be replaced
  EXPECT_EQ(why_not_writable(at / "a" / "b" / "new.h5"), "");
  EXPECT_EQ(why_not_writable("new.h5"), "");
  EXPECT_EQ(why_not_writable(at), at.string() + ": is a folder");
  EXPECT_EQ(why_not_writable(at / "file" / "a" / "x.h5"),
            (at / "file").string() + ": Not a directory");
  EXPECT_EQ(why_not_writable(at / "dead" / "x.h5"),
            (at / "dead").string() + ": is a link to nowhere");
  EXPECT_THAT(why_not_writable(at / std::string(300, 'x')), HasSubstr("File name too long"));
  EXPECT_THAT(why_not_writable(at / std::string(300, 'x') / "x.h5"),
              HasSubstr("File name too long"));
  EXPECT_THAT([&] { require_writable(at / "file" / "x.h5"); },
              testing::ThrowsMessage<Error>(HasSubstr("Not a directory")));
  EXPECT_NO_THROW(require_writable(""));
  EXPECT_GT(room_for(at / "a" / "x.h5").value_or(0), 0U);
}

TEST(Paths, AnEmptyNameIsAnErrorOfTheCallerWhereTheSystemThrows) {
  EXPECT_THAT([] { absolute_path(""); }, testing::ThrowsMessage<Error>(HasSubstr("empty name")));
  EXPECT_EQ(absolute_path("/a/./b/../c"), "/a/c");
  EXPECT_THAT(
      [] { with_system_errors([] { return fs::file_size("/nowhere/at/all"); }); },
      testing::ThrowsMessage<Error>(HasSubstr("/nowhere/at/all: cannot be looked at: No such")));
  EXPECT_EQ(with_system_errors([] { return 7; }), 7);
}

TEST(Paths, FoldersAreListedInNaturalOrderWithoutHiddenNames) {
  const TemporaryFolder scratch;
  for (const char* name :
       {"seed10.csv", "seed2.csv", "._seed2.csv", ".nfs0001", ".x.csv.7-0.partial", "__MACOSX"}) {
    write_file(scratch.path() / name, "x");
  }
  EXPECT_THAT(entries_of_folder(scratch.path()),
              ElementsAre(scratch.path() / "seed2.csv", scratch.path() / "seed10.csv"));
  EXPECT_THAT([&] { entries_of_folder(scratch.path() / "seed2.csv"); },
              testing::ThrowsMessage<Error>(HasSubstr("cannot be listed: Not a directory")));
}

TEST(Paths, CopiesAreToldByTheNamesThatCopyingGives) {
  EXPECT_EQ(original_of_copy("pose (1)"), "pose");
  EXPECT_EQ(original_of_copy("pose(2)"), "pose");
  EXPECT_EQ(original_of_copy("pose - Copy"), "pose");
  EXPECT_EQ(original_of_copy("pose - Copy (3)"), "pose");
  EXPECT_EQ(original_of_copy("pose copy"), "pose");
  EXPECT_EQ(original_of_copy("pose (kate's conflicted copy 2024-05-01)"), "pose");
  EXPECT_EQ(original_of_copy("Copy of pose"), "pose");
  EXPECT_EQ(original_of_copy("pose - Kopie"), "pose");
  EXPECT_EQ(original_of_copy("pose.sync-conflict-20240501-120000-ABCDEFG"), "pose");
  EXPECT_EQ(original_of_copy("pose-DESKTOP-1A2B3C4"), "pose");
  EXPECT_EQ(original_of_copy("-DESKTOP-1A2B3C4"), std::nullopt);
  EXPECT_EQ(original_of_copy("pose"), std::nullopt);
  EXPECT_EQ(original_of_copy("mouse (left)"), std::nullopt);
  EXPECT_EQ(original_of_copy("seed1"), std::nullopt);
  EXPECT_EQ(original_of_copy("(1)"), std::nullopt);
}

}  // namespace
}  // namespace posse
