#include "run/finished_results.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "run/run_video.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kFrames = 12;
const std::vector<std::string> kParts = {"snout", "leftear", "rightear", "tailbase"};

fs::path demo() { return testing::source_folder() / "data" / "demo"; }

struct DemoRun {
  fs::path folder;
  std::vector<FrameResult> frames;  ///< as they were handed out
};

DemoRun run_demo(const fs::path& out, const std::vector<fs::path>& members, RunOptions options) {
  options.frames = {.start = 4, .stop = 4 + kFrames};
  Ensemble ensemble = Ensemble::open(members, {.tune = false});
  DemoRun run{.folder = out / "openarena", .frames = {}};
  const RunOutcome outcome = run_video(ensemble, demo() / "video" / "openarena.mp4", out, options,
                                       {.on_frame = [&](const FrameResult& result) {
                                         run.frames.push_back({.frame_index = result.frame_index,
                                                               .consensus = result.consensus,
                                                               .members = result.members,
                                                               .track = result.track});
                                       }});
  EXPECT_EQ(outcome.status, RunStatus::done);
  return run;
}

/// Three members' track with their tables and the wide csv, made once for all tests.
class FinishedResultsTest : public ::testing::Test {
 public:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    run_ = std::make_unique<DemoRun>(run_demo(
        folder_->path() / "out", {demo() / "member-1", demo() / "member-2", demo() / "member-3"},
        {.save_members = true, .wide_csv = true}));
  }
  static void TearDownTestSuite() {
    run_.reset();
    folder_.reset();
  }

  /// The results once more, to be changed.
  static fs::path copy(const TemporaryFolder& to) {
    fs::copy(folder_->path(), to.path(), fs::copy_options::recursive);
    return to.path() / "out" / "openarena";
  }

  static std::vector<Keypoint> members_of(const FinishedResults& results) {
    std::vector<Keypoint> all;
    results.read_members([&](const MembersFrame& frame) {
      EXPECT_EQ(frame.frame_index, 4 + static_cast<int64_t>(frame.row));
      all.insert(all.end(), frame.keypoints.begin(), frame.keypoints.end());
      return true;
    });
    return all;
  }
  static void expect_members_of_the_run(const std::vector<Keypoint>& all) {
    const size_t width = 3 * kParts.size();
    ASSERT_EQ(all.size(), kFrames * width);
    for (size_t i = 0; i < all.size(); ++i) {
      const Keypoint& expected = run_->frames[i / width].members[i % width];
      EXPECT_EQ(all[i].x, expected.x);
      EXPECT_EQ(all[i].y, expected.y);
      EXPECT_EQ(all[i].likelihood, expected.likelihood);
    }
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static std::unique_ptr<DemoRun> run_;
};
std::unique_ptr<TemporaryFolder> FinishedResultsTest::folder_;
std::unique_ptr<DemoRun> FinishedResultsTest::run_;

TEST_F(FinishedResultsTest, TellWhatWasRun) {
  for (const fs::path& path : {run_->folder, run_->folder / "run.json"}) {
    const FinishedFacts facts = read_finished_facts(path);
    EXPECT_EQ(facts.bodyparts, kParts);
    ASSERT_EQ(facts.members.size(), 3U);
    EXPECT_EQ(facts.members[1].name, "member-2");
    EXPECT_EQ(facts.members[1].network, "mobilenet_v2_0.35");
    EXPECT_EQ(facts.members[1].bodyparts, kParts);
    EXPECT_EQ(facts.members[1].weights_sha256.size(), 64U);
    EXPECT_EQ(facts.consensus, RunConsensus::track);
    EXPECT_EQ(facts.width, 320);
    EXPECT_EQ(facts.height, 240);
    EXPECT_EQ(facts.fps, 30);
    EXPECT_EQ(facts.num_frames, kFrames);
    EXPECT_EQ(facts.stem, "openarena");
    EXPECT_EQ(facts.table.extension(), ".h5");
    EXPECT_EQ(facts.video.path.filename(), "openarena.mp4");
    ASSERT_EQ(facts.member_tables.size(), 3U);
    EXPECT_EQ(facts.member_tables[2].parent_path().filename(), "member-3");
    EXPECT_EQ(find_video(facts).place, VideoPlace::there);
    EXPECT_EQ(read_finished_facts(facts.table).folder, facts.folder);
  }
}

TEST_F(FinishedResultsTest, HoldTheConsensusAndWhatIsStatedOfItsTrack) {
  const FinishedResults results(run_->folder);
  const Poses poses = results.consensus();
  ASSERT_EQ(poses.num_frames(), static_cast<size_t>(kFrames));
  const auto second = results.array("second_place");
  const auto seen = results.array("chance_seen");
  const auto covariance = results.covariance();
  ASSERT_TRUE(second && seen && covariance);
  EXPECT_EQ(second->extents, (std::vector<size_t>{kFrames, 4, 3}));
  EXPECT_EQ(covariance->source, "track_covariance");
  EXPECT_FALSE(results.array("radius90"));
  for (size_t f = 0; f < kFrames; ++f) {
    EXPECT_EQ(poses.frame_index[f], run_->frames[f].frame_index);
    for (size_t p = 0; p < kParts.size(); ++p) {
      const TrackedKeypoint& tracked = run_->frames[f].track[p];
      const size_t at = f * kParts.size() + p;
      EXPECT_EQ(poses.at(f, p).x, run_->frames[f].consensus[p].keypoint.x);
      EXPECT_EQ(covariance->values[3 * at + 1], tracked.covariance.xy);
      EXPECT_EQ(seen->values[at], tracked.chance_seen);
      EXPECT_EQ(second->values[3 * at + 2], tracked.second ? tracked.second->chance : 0);
    }
  }
}

TEST_F(FinishedResultsTest, GiveTheSameMembersFromTheJournalAndFromTables) {
  const FinishedResults by_journal(run_->folder);
  EXPECT_EQ(by_journal.member_source(), MemberSource::journal);
  expect_members_of_the_run(members_of(by_journal));
  const TemporaryFolder scratch;
  const fs::path copied = copy(scratch);
  fs::remove(copied / ".posse-journal");
  const FinishedResults by_tables(copied);
  EXPECT_EQ(by_tables.member_source(), MemberSource::tables);
  expect_members_of_the_run(members_of(by_tables));
}

TEST_F(FinishedResultsTest, OfACsvHaveTheTrackOfItsWideTable) {
  const TemporaryFolder scratch;
  const DemoRun run = run_demo(scratch.path() / "out",
                               {demo() / "member-1", demo() / "member-2", demo() / "member-3"},
                               {.format = TableFormat::csv, .wide_csv = true});
  const FinishedResults csv(run.folder), h5(run_->folder);
  EXPECT_EQ(csv.facts().table.extension(), ".csv");
  for (const char* name : {"track_covariance", "second_place", "seen", "chance"}) {
    const auto a = csv.array(name), b = h5.array(name);
    ASSERT_TRUE(a && b) << name;
    EXPECT_EQ(a->extents, b->extents);
    for (size_t i = 0; i < a->values.size(); ++i) {
      if (std::isnan(b->values[i])) {
        EXPECT_TRUE(std::isnan(a->values[i]));
      } else {
        EXPECT_EQ(a->values[i], b->values[i]) << name;
      }
    }
  }
  EXPECT_FALSE(csv.array("members_std"));
}

TEST_F(FinishedResultsTest, SayWhatIsMissing) {
  const TemporaryFolder scratch;
  const fs::path copied = copy(scratch);
  fs::remove(copied / ".posse-journal");
  fs::remove_all(scratch.path() / "out-extras" / "members" / "member-2");
  const FinishedResults results(copied);
  EXPECT_EQ(results.member_source(), MemberSource::none);
  try {
    results.read_members([](const MembersFrame&) { return true; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_NE(std::string(error.what()).find("--save-members"), std::string::npos);
  }
  fs::remove(results.facts().table);
  EXPECT_THROW(FinishedResults{copied}, Error);
  fs::remove(copied / "run.json");
  EXPECT_THROW(FinishedResults{copied}, Error);
  EXPECT_THROW(FinishedResults{copied / "nothing"}, Error);
}

TEST_F(FinishedResultsTest, FindAVideoThatWasMovedAndTellOneThatIsAnother) {
  const TemporaryFolder scratch;
  FinishedFacts facts = read_finished_facts(run_->folder);
  facts.video.path = scratch.path() / "openarena.mp4";
  EXPECT_EQ(find_video(facts).place, VideoPlace::gone);
  const std::array<fs::path, 1> folders = {demo() / "video"};
  EXPECT_EQ(find_video(facts, folders).place, VideoPlace::there);
  EXPECT_EQ(find_video(facts, folders).file, folders[0] / "openarena.mp4");
  std::ofstream(facts.video.path) << "another";
  EXPECT_EQ(find_video(facts).place, VideoPlace::changed);
  EXPECT_EQ(find_video(facts, folders).place, VideoPlace::there);
}

TEST_F(FinishedResultsTest, AreFoundBelowAFolderAndToldApart) {
  const TemporaryFolder scratch;
  const DemoRun mean = run_demo(scratch.path() / "mean",
                                {demo() / "member-1", demo() / "member-2", demo() / "member-3"},
                                {.consensus = ConsensusChoice::mean});
  const DemoRun others =
      run_demo(scratch.path() / "others",
               {demo() / "member-1", demo() / "member-2", demo() / "member-4"}, {});
  const std::vector<fs::path> paths = {run_->folder.parent_path(), run_->folder, mean.folder};
  EXPECT_EQ(find_results(paths), (std::vector<fs::path>{run_->folder, mean.folder}));
  EXPECT_THROW(find_results(std::vector<fs::path>{scratch.path()}), Error);
  const auto refusal = [](const fs::path& a, const fs::path& b) {
    std::vector<FinishedResults> results;
    results.emplace_back(a);
    results.emplace_back(b);
    try {
      require_alike(results);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(run_->folder, run_->folder), "");
  EXPECT_NE(refusal(run_->folder, mean.folder).find("track against mean"), std::string::npos);
  const std::string members = refusal(run_->folder, others.folder);
  EXPECT_NE(members.find("only in the first: member-3 (dlc)"), std::string::npos) << members;
  EXPECT_NE(members.find("only in the second: member-4 (dlc)"), std::string::npos) << members;
}

}  // namespace
}  // namespace posse
