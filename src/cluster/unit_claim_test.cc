#include "cluster/unit_claim.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

JournalKey key_of(char digit) {
  return {.fingerprint = std::string(64, digit), .num_members = 1, .num_bodyparts = 1};
}

FrameResult frame_of(int64_t number) {
  FrameResult frame{.frame_index = number, .time_seconds = 0};
  frame.consensus.resize(1);
  frame.members.push_back({1, 2, 0.5});
  return frame;
}

/// Adds frames, as compute_frames does.
void write_frames(const fs::path& journal, const JournalKey& key, int64_t count, bool complete) {
  JournalWriter writer(journal, key);
  for (int64_t frame = writer.num_resumed(); frame < count; ++frame) writer.append(frame_of(frame));
  writer.flush();
  if (complete) writer.finish({});
}

size_t count_of(const fs::path& folder, const std::string& suffix) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    count += entry.path().filename().string().ends_with(suffix) ? 1 : 0;
  return count;
}

/// As if nobody had written for so long.
void make_older(const fs::path& file, double seconds) {
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  timespec times[2] = {status.st_atim, status.st_mtim};
  times[1].tv_sec -= static_cast<time_t>(seconds);
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
}

class Claims : public ::testing::Test {
 protected:
  UnitPlace place() const {
    return {
        .folder = folder_.path() / "video", .name = "000000000-000000010.aa", .key = key_of('a')};
  }
  TemporaryFolder folder_;
};

TEST_F(Claims, HoldAUnitUntilItIsDone) {
  auto first = UnitClaim::take(place());
  ASSERT_TRUE(first);
  EXPECT_FALSE(UnitClaim::take(place()));
  EXPECT_TRUE(is_at_work(place(), file_system_now(place().folder)));
  write_frames(first->journal(), place().key, 10, true);
  first->seal();
  EXPECT_TRUE(place().is_done());
  EXPECT_FALSE(UnitClaim::take(place()));
  first.reset();
  EXPECT_FALSE(UnitClaim::take(place()));
  EXPECT_EQ(count_of(place().folder, ""), 1U);  // the unit alone
}

TEST_F(Claims, WhatIsLetGoOfIsTakenOver) {
  auto first = UnitClaim::take(place());
  write_frames(first->journal(), place().key, 6, false);
  first.reset();
  EXPECT_EQ(count_of(place().folder, ".claim"), 0U);
  auto second = UnitClaim::take(place());
  ASSERT_TRUE(second);
  EXPECT_EQ(look_at_journal(second->journal(), place().key).num_frames, 6);
  EXPECT_EQ(count_of(place().folder, ".left"), 0U);
}

// A killed process leaves a claim, a journal and the half of a record.
TEST_F(Claims, OfADeadProcessAreTakenOverWithTheirSoundBeginning) {
  fs::create_directories(place().folder);
  const pid_t child = ::fork();
  if (child == 0) {
    auto claim = UnitClaim::take(place());
    write_frames(claim->journal(), place().key, 4, false);
    const int fd = ::open(claim->journal().c_str(), O_WRONLY | O_APPEND);
    const bool written = ::write(fd, "half a record", 13) == 13;
    ::_exit(written ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(count_of(place().folder, ".claim"), 1U);
  auto claim = UnitClaim::take(place());
  ASSERT_TRUE(claim);
  write_frames(claim->journal(), place().key, 10, true);
  claim->seal();
  EXPECT_TRUE(is_sealed_journal(place().unit(), place().key, SealCheck::whole));
  EXPECT_EQ(look_at_journal(place().unit(), place().key).num_frames, 10);
}

// Another machine's process cannot be asked whether it lives: its silence counts.
TEST_F(Claims, OfAnotherMachineAreTakenOverWhenTheyAreStale) {
  fs::create_directories(place().folder);
  const fs::path part = place().folder / (place().name + ".00c0ffee-1-12345678.part");
  write_frames(part, place().key, 3, false);
  fs::create_hard_link(part, place().claim());
  EXPECT_FALSE(UnitClaim::take(place()));
  make_older(part, kStaleSeconds - 10);
  EXPECT_FALSE(UnitClaim::take(place()));
  make_older(part, 20);
  auto claim = UnitClaim::take(place());
  ASSERT_TRUE(claim);
  EXPECT_EQ(look_at_journal(claim->journal(), place().key).num_frames, 3);
  EXPECT_FALSE(fs::exists(part));
}

// As a clock that was wrong leaves them: nobody would ever take over what is always fresh.
TEST_F(Claims, FromFarAheadAreTakenOver) {
  fs::create_directories(place().folder);
  const fs::path part = place().folder / (place().name + ".00c0ffee-1-12345678.part");
  write_frames(part, place().key, 3, false);
  fs::create_hard_link(part, place().claim());
  make_older(part, -60);
  EXPECT_FALSE(UnitClaim::take(place()));
  make_older(part, -7 * 24 * 3600);
  EXPECT_TRUE(UnitClaim::take(place()));
}

TEST_F(Claims, JournalsOfOtherRunsAreNotTakenOver) {
  fs::create_directories(place().folder);
  write_frames(place().folder / (place().name + ".1.left"), key_of('b'), 3, false);
  write_file(place().folder / (place().name + ".2.left"), "no journal");
  auto claim = UnitClaim::take(place());
  ASSERT_TRUE(claim);
  EXPECT_EQ(look_at_journal(claim->journal(), place().key).num_frames, 0);
}

// NFS may do what it was asked, lose the answer, do it again and report that.
TEST_F(Claims, AreRightWhereCallsReportErrorsAlthoughTheyWorked) {
  FileCalls calls = system_calls();
  calls.link = [](const char* from, const char* to) {
    const int error = system_calls().link(from, to);
    return error == 0 ? EEXIST : error;
  };
  calls.rename = [](const char* from, const char* to) {
    const int error = system_calls().rename(from, to);
    return error == 0 ? ENOENT : error;
  };
  auto claim = UnitClaim::take(place(), calls);
  ASSERT_TRUE(claim);
  EXPECT_FALSE(UnitClaim::take(place(), calls));
  write_frames(claim->journal(), place().key, 2, true);
  claim->seal();
  EXPECT_TRUE(place().is_done());
}

TEST_F(Claims, AFailedRenameIsAnError) {
  FileCalls calls = system_calls();
  calls.rename = [](const char*, const char*) { return EIO; };
  auto claim = UnitClaim::take(place(), calls);
  write_frames(claim->journal(), place().key, 2, true);
  EXPECT_THROW(claim->seal(), Error);
}

TEST_F(Claims, WorkWithoutHardLinksToo) {
  FileCalls calls = system_calls();
  calls.link = [](const char*, const char*) { return EPERM; };
  auto claim = UnitClaim::take(place(), calls);
  ASSERT_TRUE(claim);
  write_frames(claim->journal(), place().key, 2, true);
  claim->seal();
  EXPECT_TRUE(place().is_done());
}

TEST_F(Claims, OldPartsAreRemovedAndUnitsStay) {
  fs::create_directories(place().folder);
  write_file(place().unit(), "done");
  const fs::path old = place().folder / (place().name + ".00c0ffee-1-12345678.part");
  const fs::path fresh = place().folder / (place().name + ".00c0ffee-2-12345678.part");
  write_file(old, "x");
  write_file(fresh, "x");
  make_older(old, 100'000);
  make_older(place().unit(), 100'000);
  EXPECT_EQ(remove_old_parts(place().folder, file_system_now(place().folder)), 1U);
  EXPECT_TRUE(fs::exists(place().unit()));
  EXPECT_TRUE(fs::exists(fresh));
}

}  // namespace
}  // namespace posse
