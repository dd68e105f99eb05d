#include "run/journal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

JournalKey key_of(char digit) {
  return {.fingerprint = std::string(64, digit), .num_members = 2, .num_bodyparts = 3};
}

FrameResult result_of(int64_t frame) {
  FrameResult result{.frame_index = frame, .time_seconds = 0.1 * static_cast<double>(frame)};
  for (int j = 0; j < 3; ++j) {
    ConsensusKeypoint keypoint;
    keypoint.keypoint = {static_cast<double>(frame) + j, NAN, 0.25};
    keypoint.std_x = 0.5 * j;
    result.consensus.push_back(keypoint);
  }
  for (int j = 0; j < 6; ++j)
    result.members.push_back({j + 0.5, 1.0 * static_cast<double>(frame), 1.0});
  return result;
}

std::vector<FrameResult> read_all(const fs::path& path, const JournalKey& key) {
  JournalReader reader(path, key);
  std::vector<FrameResult> results;
  for (FrameResult result; reader.read(result);) results.push_back(std::exchange(result, {}));
  return results;
}

TEST(Journal, GivesBackWhatWasAppended) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  JournalWriter writer(path, key_of('a'));
  for (int64_t frame = 0; frame < 5; ++frame) writer.append(result_of(frame));
  writer.flush();
  const auto results = read_all(path, key_of('a'));
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[4].frame_index, 4);
  EXPECT_EQ(results[4].consensus[2].keypoint.x, 6.0);
  EXPECT_TRUE(std::isnan(results[4].consensus[2].keypoint.y));
  EXPECT_EQ(results[4].consensus[2].std_x, 1.0);
  EXPECT_EQ(results[4].members[5].x, 5.5);
}

TEST(Journal, NumbersThatNoRunWritesEndIt) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  JournalWriter writer(path, key_of('a'));
  writer.append(result_of(0));
  FrameResult odd = result_of(1);
  odd.consensus[1].num_members = -1;
  writer.append(odd);
  writer.flush();
  EXPECT_EQ(read_all(path, key_of('a')).size(), 1U);
}

TEST(Journal, FactsThatAreNoCountsAreNone) {
  EXPECT_EQ(journal_facts_from(R"({"threads": 2, "wall_seconds": 1.5})")->num_threads, 2);
  EXPECT_FALSE(journal_facts_from(R"({"threads": 1e300})"));
  EXPECT_FALSE(journal_facts_from(R"({"warnings": 3})"));
}

// A sealed journal reads like any other, and a change of any byte shows.
TEST(Journal, ASealHoldsEveryByte) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  const JournalKey key = key_of('a');
  {
    JournalWriter writer(path, key);
    for (int64_t frame = 0; frame < 4; ++frame) writer.append(result_of(frame));
    writer.finish({.num_threads = 3});
  }
  EXPECT_FALSE(is_sealed_journal(path, key, SealCheck::ends));
  seal_journal(path);
  EXPECT_TRUE(is_sealed_journal(path, key, SealCheck::whole));
  EXPECT_FALSE(is_sealed_journal(path, key_of('b'), SealCheck::ends));
  EXPECT_FALSE(is_sealed_journal(folder.path() / "none", key, SealCheck::ends));
  const JournalState state = look_at_journal(path, key);
  EXPECT_EQ(state.num_frames, 4);
  ASSERT_TRUE(state.facts);
  EXPECT_EQ(state.facts->num_threads, 3);

  const std::string sound = read_file(path);
  const fs::path damaged = folder.path() / "damaged";
  for (size_t at = 0; at < sound.size(); at += 41) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    write_file(damaged, bytes);
    EXPECT_FALSE(is_sealed_journal(damaged, key, SealCheck::whole)) << "byte " << at;
    write_file(damaged, sound.substr(0, at));
    EXPECT_FALSE(is_sealed_journal(damaged, key, SealCheck::ends)) << at << " bytes";
  }
}

TEST(Journal, KeysOfUnbelievableSizeAreNone) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  const JournalKey sound = key_of('a');
  JournalWriter(path, sound).flush();
  EXPECT_EQ(read_journal_key(path), sound);
  std::string bytes = read_file(path);
  for (size_t i = bytes.size() - 8; i < bytes.size(); ++i) bytes[i] = '\x7f';
  write_file(path, bytes);
  EXPECT_EQ(read_journal_key(path), std::nullopt);
}

TEST(Journal, KeepsEvidenceOfAnyLengthAndDropsWhatAKillCutShort) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  JournalKey key = key_of('a');
  key.evidence = true;
  {
    JournalWriter writer(path, key);
    for (int64_t frame = 0; frame < 4; ++frame) {
      FrameResult result = result_of(frame);
      result.evidence.assign(static_cast<size_t>(10 * frame), static_cast<uint8_t>(frame));
      writer.append(result);
    }
    writer.flush();
  }
  EXPECT_EQ(read_journal_key(path), key);
  const auto all = read_all(path, key);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[3].evidence, std::vector<uint8_t>(30, 3));
  EXPECT_TRUE(all[0].evidence.empty());
  fs::resize_file(path, fs::file_size(path) - 9);  // into the last frame's evidence
  {
    JournalWriter writer(path, key);
    EXPECT_EQ(writer.num_resumed(), 3);
    FrameResult result = result_of(7);
    result.evidence = {1, 2, 3};
    writer.append(result);
    writer.finish({.num_threads = 5});
  }
  const JournalState state = look_at_journal(path, key);
  EXPECT_EQ(state.num_frames, 4);
  ASSERT_TRUE(state.facts.has_value());
  EXPECT_EQ(state.facts->num_threads, 5);
  EXPECT_EQ(read_all(path, key)[3].evidence, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_TRUE(look_at_journal(path, key_of('a')).is_other_run);  // without evidence
}

TEST(Journal, GoesOnAfterTheLastSoundRecordOfAKilledRun) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    JournalWriter writer(path, key_of('a'));
    for (int64_t frame = 0; frame < 5; ++frame) writer.append(result_of(frame));
  }
  fs::resize_file(path, fs::file_size(path) - 17);  // the fifth record was cut short
  {
    JournalWriter writer(path, key_of('a'));
    EXPECT_EQ(writer.num_resumed(), 4);
    EXPECT_EQ(writer.last_frame_index(), 3);
    writer.append(result_of(4));
  }
  const auto results = read_all(path, key_of('a'));
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[4].frame_index, 4);
}

TEST(Journal, StopsAtADamagedRecord) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    JournalWriter writer(path, key_of('a'));
    for (int64_t frame = 0; frame < 5; ++frame) writer.append(result_of(frame));
  }
  std::string bytes = read_file(path);
  const size_t record = (bytes.size() - 88) / 5;  // 88: magic, fingerprint, two counts
  bytes[88 + 2 * record + 40] ^= 1;
  write_file(path, bytes);
  EXPECT_EQ(read_all(path, key_of('a')).size(), 2U);
  EXPECT_EQ(JournalWriter(path, key_of('a')).num_resumed(), 2);
}

TEST(Journal, OfAnotherRunIsStartedAnew) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    JournalWriter writer(path, key_of('a'));
    writer.append(result_of(0));
  }
  EXPECT_THROW(JournalReader(path, key_of('b')), Error);
  EXPECT_EQ(JournalWriter(path, key_of('b')).num_resumed(), 0);
  EXPECT_TRUE(read_all(path, key_of('b')).empty());
}

TEST(Journal, ThatIsCompleteSaysHowItsFramesWereComputed) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    JournalWriter writer(path, key_of('a'));
    for (int64_t frame = 0; frame < 3; ++frame) writer.append(result_of(frame));
    writer.flush();
    EXPECT_FALSE(look_at_journal(path, key_of('a')).facts);
    JournalFacts facts{.num_resumed = 2, .started_seconds = 1.5e9};
    facts.report.warnings = {"frame rate varies", std::string(500, 'x')};  // longer than a record
    facts.timings.wall_seconds = 0.25;
    writer.finish(facts);
  }
  const JournalState state = look_at_journal(path, key_of('a'));
  EXPECT_EQ(state.num_frames, 3);
  ASSERT_TRUE(state.facts);
  EXPECT_EQ(state.facts->num_resumed, 2);
  EXPECT_EQ(state.facts->started_seconds, 1.5e9);
  EXPECT_EQ(state.facts->timings.wall_seconds, 0.25);
  EXPECT_EQ(state.facts->report.warnings.size(), 2U);
  EXPECT_EQ(read_all(path, key_of('a')).size(), 3U);
  JournalWriter again(path, key_of('a'));  // goes on behind the last frame
  again.append(result_of(3));
  again.flush();
  EXPECT_EQ(read_all(path, key_of('a')).size(), 4U);
  EXPECT_FALSE(look_at_journal(path, key_of('a')).facts);
}

TEST(Journal, WhoseEndIsDamagedIsNotComplete) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  {
    JournalWriter writer(path, key_of('a'));
    writer.append(result_of(0));
    writer.finish({});
  }
  std::string bytes = read_file(path);
  bytes[bytes.size() - 20] ^= 1;
  write_file(path, bytes);
  const JournalState state = look_at_journal(path, key_of('a'));
  EXPECT_EQ(state.num_frames, 1);
  EXPECT_FALSE(state.facts);
}

TEST(Journal, TellsItsKeyAndWhatIsNoJournal) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "journal";
  EXPECT_THROW(read_journal_key(path), Error);
  { JournalWriter writer(path, key_of('a')); }
  EXPECT_EQ(read_journal_key(path), key_of('a'));
  EXPECT_TRUE(look_at_journal(path, key_of('b')).is_other_run);
  EXPECT_FALSE(look_at_journal(path, key_of('a')).is_other_run);
  write_file(path, "something else");
  EXPECT_FALSE(read_journal_key(path));
  EXPECT_TRUE(look_at_journal(path, key_of('a')).is_other_run);
}

TEST(Journal, InAMissingFolderIsAnError) {
  EXPECT_THROW(JournalWriter("/nonexistent/folder/journal", key_of('a')), Error);
}

}  // namespace
}  // namespace posse
