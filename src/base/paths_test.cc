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
