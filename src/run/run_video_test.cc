#include "run/run_video.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <span>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "calibration/calibration.h"
#include "results/table/extra_reader.h"
#include "results/table/table_reader.h"
#include "run/run_record.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

fs::path demo() { return testing::source_folder() / "data" / "demo"; }
fs::path demo_video() { return demo() / "video" / "openarena.mp4"; }

/// A golden csv: a header row of names, then numbers; column by name.
std::map<std::string, std::vector<double>> read_golden(const fs::path& path) {
  std::ifstream file(path);
  std::map<std::string, std::vector<double>> columns;
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells(line);
    size_t column = 0;
    const bool header = names.empty();
    for (std::string cell; std::getline(cells, cell, ','); ++column) {
      if (header) {
        names.push_back(cell);
      } else {
        columns[names.at(column)].push_back(std::stod(cell));
      }
    }
  }
  return columns;
}

std::vector<FrameResult> run_demo(const EnsembleOptions& ensemble_options,
                                  const RunOptions& options, const fs::path& out) {
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, ensemble_options);
  std::vector<FrameResult> results;
  const RunOutcome outcome =
      run_video(ensemble, demo_video(), out, options, {.on_frame = [&](const FrameResult& result) {
                  results.push_back({.frame_index = result.frame_index,
                                     .time_seconds = result.time_seconds,
                                     .consensus = result.consensus,
                                     .members = result.members});
                }});
  EXPECT_EQ(outcome.status, RunStatus::done);
  return results;
}

bool same(std::span<const FrameResult> a, std::span<const FrameResult> b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].frame_index != b[i].frame_index) return false;
    for (size_t j = 0; j < a[i].consensus.size(); ++j) {
      const Keypoint& p = a[i].consensus[j].keypoint;
      const Keypoint& q = b[i].consensus[j].keypoint;
      if (p.x != q.x || p.y != q.y || p.likelihood != q.likelihood) return false;
    }
    for (size_t j = 0; j < a[i].members.size(); ++j) {
      if (a[i].members[j].x != b[i].members[j].x || a[i].members[j].y != b[i].members[j].y)
        return false;
    }
  }
  return true;
}

const std::vector<std::string> kParts = {"snout", "leftear", "rightear", "tailbase"};

// 0.02 px at the median and 0.1 px at most are what the goldens' float32 arithmetic and their six
// decimals leave room for; single argmax cells may differ between near-equal scores (the data's
// README), hence the share instead of the maximum.
void expect_close(std::vector<double> errors) {
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 0.02);
  EXPECT_LT(errors[errors.size() * 99 / 100], 0.1);
}

TEST(RunVideo, MembersAndConsensusOfTheDemoAgreeWithAnIndependentImplementation) {
  for (const auto& [method, word] :
       {std::pair(ConsensusChoice::mean, "mean"), {ConsensusChoice::median, "median"}}) {
    const TemporaryFolder out;
    const auto results = run_demo({.decode = DecodeChoice::dgp, .tune = false},
                                  {.consensus = method, .frames = {.stop = 60}}, out.path());
    ASSERT_EQ(results.size(), 60U);
    const auto golden = read_golden(demo() / "golden" / "consensus.csv");
    const auto member = read_golden(demo() / "golden" / "member-3.csv");
    std::vector<double> consensus_errors, member_errors;
    for (size_t i = 0; i < results.size(); ++i) {
      for (size_t j = 0; j < kParts.size(); ++j) {
        const Keypoint& p = results[i].consensus[j].keypoint;
        const Keypoint& q = results[i].members[2 * kParts.size() + j];
        consensus_errors.push_back(std::hypot(p.x - golden.at(kParts[j] + "_" + word + "_x")[i],
                                              p.y - golden.at(kParts[j] + "_" + word + "_y")[i]));
        member_errors.push_back(std::hypot(q.x - member.at(kParts[j] + "_dgp_x")[i],
                                           q.y - member.at(kParts[j] + "_dgp_y")[i]));
      }
    }
    expect_close(consensus_errors);
    expect_close(member_errors);
  }
}

TEST(RunVideo, MembersOfTheDemoByTheDlcRuleAgreeWithAnIndependentImplementation) {
  const TemporaryFolder out;
  const auto results = run_demo({.tune = false}, {.frames = {.stop = 40}}, out.path());
  const auto golden = read_golden(demo() / "golden" / "member-1.csv");
  std::vector<double> errors;
  for (size_t i = 0; i < results.size(); ++i) {
    for (size_t j = 0; j < kParts.size(); ++j) {
      const Keypoint& p = results[i].members[j];
      errors.push_back(std::hypot(p.x - golden.at(kParts[j] + "_dlc_x")[i],
                                  p.y - golden.at(kParts[j] + "_dlc_y")[i]));
      EXPECT_NEAR(p.likelihood, golden.at(kParts[j] + "_dlc_likelihood")[i], 1e-3);
    }
  }
  expect_close(errors);
}

TEST(RunVideo, NumbersDoNotDependOnThreadsOrBatches) {
  const TemporaryFolder out;
  const RunOptions options{.frames = {.start = 100, .stop = 124}};
  const auto one = run_demo({.threads = 1, .batch = 1, .tune = false}, options, out.path() / "a");
  const auto many = run_demo({.threads = 3, .batch = 5, .tune = false}, options, out.path() / "b");
  EXPECT_TRUE(same(one, many));
}

TEST(RunVideo, AStoppedRunGoesOnAndGivesTheSameNumbers) {
  const TemporaryFolder out;
  const RunOptions options{.frames = {.stop = 48}};
  const auto whole = run_demo({.batch = 4, .tune = false}, options, out.path() / "whole");
  StopFlag stop;
  {
    Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.batch = 4, .tune = false});
    const RunOutcome outcome = run_video(ensemble, demo_video(), out.path() / "parts", options,
                                         {.progress =
                                              [&](const Progress& progress) {
                                                if (progress.done >= 12) stop.request();
                                              },
                                          .stop = &stop});
    EXPECT_EQ(outcome.status, RunStatus::interrupted);
    EXPECT_FALSE(fs::exists(outcome.paths.record));
  }
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.batch = 4, .tune = false});
  std::vector<FrameResult> results;
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path() / "parts", options,
                                       {.on_frame = [&](const FrameResult& result) {
                                         results.push_back({.frame_index = result.frame_index,
                                                            .consensus = result.consensus,
                                                            .members = result.members});
                                       }});
  EXPECT_GE(outcome.num_resumed, 12);
  EXPECT_TRUE(same(whole, results));
}

/// The demo with networks that look at batches of seven frames.
EnsembleOptions over_seven(int threads) {
  return {.batch_norm = BatchNormChoice::parse("batch:7"), .threads = threads, .tune = false};
}

TEST(RunVideo, OverBatchesThreadsDoNotChangeNumbersAndTheRangesFirstFrameBeginsTheFirst) {
  const TemporaryFolder out;
  // The last batch has six frames. The mean looks at no other frame.
  const RunOptions options{.consensus = ConsensusChoice::mean, .frames = {.start = 5, .stop = 25}};
  const auto one = run_demo(over_seven(1), options, out.path() / "one");
  EXPECT_TRUE(same(one, run_demo(over_seven(3), options, out.path() / "three")));
  EXPECT_FALSE(same(one, run_demo({.tune = false}, options, out.path() / "frame")));
  // A shorter range has the same batches at its beginning.
  const auto shorter = run_demo(
      over_seven(2), {.consensus = ConsensusChoice::mean, .frames = {.start = 5, .stop = 19}},
      out.path() / "shorter");
  EXPECT_TRUE(same(shorter, std::span(one).first(14)));
}

TEST(RunVideo, TheLastShortBatchIsCompletedWithFramesOfTheBatchBefore) {
  const TemporaryFolder out;
  const auto all =
      run_demo(over_seven(2), {.consensus = ConsensusChoice::mean, .frames = {.stop = 9}},
               out.path() / "all");
  const auto reader = open_video(demo_video(), {.range = {.stop = 9}});
  std::vector<Image> batch(7);
  for (VideoFrame frame; reader->read(frame);)
    batch[static_cast<size_t>(frame.frame_index % 7)] = frame.image;  // 7 and 8 over 0 and 1
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, over_seven(1));
  auto last = ensemble.predict(batch);
  last.resize(2);
  last[0].frame_index = 7, last[1].frame_index = 8;
  EXPECT_TRUE(same(last, std::span(all).subspan(7)));
}

/// Cuts a complete journal to its first `num_frames` records, as a kill leaves it.
void cut_journal(const RunOutcome& outcome, int64_t num_frames) {
  const JournalKey key = read_journal_key(outcome.paths.journal).value();
  JournalReader reader(outcome.paths.journal, key);
  FrameResult result;
  for (int64_t i = 0; i < num_frames; ++i) ASSERT_TRUE(reader.read(result));
  fs::resize_file(outcome.paths.journal, reader.sound_bytes());
  fs::remove(outcome.paths.record);
}

TEST(RunVideo, OverBatchesAKilledRunGoesOnWithTheSameBatches) {
  const TemporaryFolder out;
  const RunOptions options{.frames = {.start = 3, .stop = 67, .step = 2},
                           .format = TableFormat::csv};
  Ensemble ensemble = Ensemble::open(std::vector{demo() / "member-1"}, over_seven(2));
  const RunOutcome whole = run_video(ensemble, demo_video(), out.path(), options);
  ASSERT_EQ(whole.num_frames, 32);  // four batches and four frames
  const std::string table = read_file(whole.paths.consensus(".csv"));
  for (const int64_t num_frames : {1, 7, 12, 27, 28, 29, 31, 32}) {
    cut_journal(whole, num_frames);
    fs::remove(whole.paths.consensus(".csv"));
    const RunOutcome resumed = run_video(ensemble, demo_video(), out.path(), options);
    EXPECT_EQ(resumed.num_resumed, num_frames);
    EXPECT_EQ(resumed.num_frames, 32);
    EXPECT_EQ(read_file(whole.paths.consensus(".csv")), table) << num_frames;
  }
}

TEST(RunVideo, AResumedRunSaysAllThatIsOddAboutTheVideo) {
  const TemporaryFolder out;
  const fs::path damaged = out.path() / "damaged.mp4";
  std::string bytes = read_file(demo_video());
  std::fill_n(bytes.begin() + static_cast<int64_t>(bytes.size() / 10), 400, '\0');
  write_file(damaged, bytes);
  Ensemble ensemble = Ensemble::open(std::vector{demo() / "member-1"}, {.tune = false});
  // The last frame lies behind the second keyframe.
  const RunOptions options{.frames = {.stop = 280, .step = 13}, .format = TableFormat::csv};
  const RunOutcome whole = run_video(ensemble, damaged, out.path() / "out", options);
  ASSERT_FALSE(whole.warnings.empty());
  cut_journal(whole, 21);
  const RunOutcome resumed = run_video(ensemble, damaged, out.path() / "out", options);
  EXPECT_EQ(resumed.num_resumed, 21);
  EXPECT_EQ(resumed.warnings, whole.warnings);
}

TEST(RunVideo, AnotherBatchIsAnotherRun) {
  const TemporaryFolder out;
  run_demo(over_seven(2), {.frames = {.stop = 8}}, out.path());
  Ensemble ensemble = Ensemble::open(
      std::vector{demo()}, {.batch_norm = BatchNormChoice::parse("batch:8"), .tune = false});
  EXPECT_THROW(run_video(ensemble, demo_video(), out.path(), {.frames = {.stop = 8}}), Error);
  EXPECT_THROW(Ensemble::open(std::vector{demo()},
                              {.batch_norm = BatchNormChoice::parse("batch:8"), .batch = 4}),
               Error);
}

/// Distances of all points from the demo's exact truth, sorted.
std::vector<double> errors_of(const std::vector<FrameResult>& results) {
  std::ifstream file(demo() / "labels" / "openarena-groundtruth.csv");
  std::vector<double> errors;
  std::string line;
  for (int header = 0; header < 3; ++header) std::getline(file, line);
  for (const FrameResult& result : results) {
    std::getline(file, line);
    std::istringstream cells(line);
    std::string x, y;
    std::getline(cells, x, ',');
    for (const ConsensusKeypoint& keypoint : result.consensus) {
      std::getline(cells, x, ',');
      std::getline(cells, y, ',');
      errors.push_back(
          std::hypot(keypoint.keypoint.x - std::stod(x), keypoint.keypoint.y - std::stod(y)));
    }
  }
  std::sort(errors.begin(), errors.end());
  return errors;
}

TEST(RunVideo, TheTrackOfTheDemoIsNearItsTruth) {
  const TemporaryFolder out;
  const auto results = run_demo({.tune = false}, {.consensus = ConsensusChoice::track}, out.path());
  ASSERT_EQ(results.size(), 360U);
  const std::vector<double> errors = errors_of(results);
  double squares = 0;
  for (const double error : errors) squares += error * error;
  // 12.6 px and 6.5 % for the median of the members' keypoints.
  EXPECT_LT(std::sqrt(squares / static_cast<double>(errors.size())), 4.0);
  EXPECT_LT(errors[errors.size() * 995 / 1000], 15);
}

TEST(RunVideo, ATrackOfARunThatKeptItsEvidenceNeedsNoNetwork) {
  const TemporaryFolder out;
  RunOptions options{
      .consensus = ConsensusChoice::mean, .frames = {.stop = 24}, .keep_evidence = true};
  const auto mean = run_demo({.threads = 1, .batch = 4, .tune = false}, options, out.path() / "a");
  options.consensus = ConsensusChoice::track;
  const auto direct =
      run_demo({.threads = 3, .batch = 5, .tune = false}, options, out.path() / "b");
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  std::vector<FrameResult> replayed;
  const RunContext context{.on_frame = [&](const FrameResult& result) {
    replayed.push_back({.frame_index = result.frame_index,
                        .consensus = result.consensus,
                        .members = result.members});
  }};
  EXPECT_THROW(run_video(ensemble, demo_video(), out.path() / "a", options), Error);
  options.force = true;  // the track's table takes the place of the mean's
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path() / "a", options, context);
  EXPECT_FALSE(outcome.ran_networks);
  EXPECT_TRUE(same(direct, replayed));
  EXPECT_FALSE(same(mean, replayed));
  EXPECT_TRUE(fs::exists(outcome.paths.consensus(".h5")));
  // and back
  options.consensus = ConsensusChoice::mean;
  const RunOutcome again = run_video(ensemble, demo_video(), out.path() / "a", options);
  EXPECT_FALSE(again.ran_networks);
  EXPECT_TRUE(fs::exists(again.paths.consensus(".h5")));
}

TEST(RunVideo, ATrackOfARunWithoutEvidenceRunsTheNetworksAgain) {
  const TemporaryFolder out;
  RunOptions options{.consensus = ConsensusChoice::mean, .frames = {.stop = 4}};
  run_demo({.tune = false}, options, out.path());
  options.consensus = ConsensusChoice::track;
  options.force = true;
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
  EXPECT_TRUE(outcome.ran_networks);
  ASSERT_FALSE(outcome.notes.empty());
  EXPECT_NE(outcome.notes.front().find("--keep-evidence"), std::string::npos);
}

TEST(RunVideo, ADefaultTakesTheTrackAndSaysSo) {
  const TemporaryFolder out;
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  std::vector<std::string> said;
  const RunOutcome outcome = run_video(
      ensemble, demo_video(), out.path(), {.frames = {.stop = 4}, .format = TableFormat::csv},
      {.on_consensus = [&](const ChosenConsensus& c) { said.push_back(c.to_string()); }});
  EXPECT_EQ(said, std::vector<std::string>{"consensus track: a video with 5 members"});
  EXPECT_EQ(read_run_record(outcome.paths.record)->consensus, RunConsensus::track);
  const TemporaryFolder asked;
  const RunOutcome same = run_video(
      ensemble, demo_video(), asked.path(),
      {.consensus = ConsensusChoice::track, .frames = {.stop = 4}, .format = TableFormat::csv});
  EXPECT_EQ(read_file(outcome.paths.consensus(".csv")), read_file(same.paths.consensus(".csv")));
  Ensemble two = Ensemble::open(std::vector{demo() / "member-1", demo() / "member-2"});
  EXPECT_EQ(
      run_video(two, demo_video(), out.path() / "two", {.frames = {.stop = 4}}).consensus.method,
      RunConsensus::mean);
}

TEST(RunVideo, ADefaultKeepsToTheResultsThatAreThereUnlessForced) {
  for (const ConsensusChoice earlier : {ConsensusChoice::mean, ConsensusChoice::median}) {
    const TemporaryFolder out;
    Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
    RunOptions options{.consensus = earlier, .frames = {.stop = 4}, .format = TableFormat::csv};
    const RunOutcome first = run_video(ensemble, demo_video(), out.path(), options);
    const std::string table = read_file(first.files.front());
    options.consensus = ConsensusChoice::automatic;
    EXPECT_EQ(run_video(ensemble, demo_video(), out.path(), options).status, RunStatus::skipped);
    options.format = TableFormat::both;  // is added to what is there
    const RunOutcome more = run_video(ensemble, demo_video(), out.path(), options);
    EXPECT_FALSE(more.ran_networks);
    EXPECT_EQ(choice_of(more.consensus.method), earlier);
    EXPECT_EQ(read_file(first.files.front()), table);
    options.force = true;
    const RunOutcome forced = run_video(ensemble, demo_video(), out.path(), options);
    EXPECT_EQ(forced.consensus.method, RunConsensus::track);
    EXPECT_FALSE(fs::exists(first.files.front()));
    options.force = false;
    EXPECT_EQ(run_video(ensemble, demo_video(), out.path(), options).status, RunStatus::skipped);
  }
}

TEST(RunVideo, ADefaultGoesOnWithAStoppedRun) {
  for (const bool evidence : {false, true}) {
    for (const ConsensusChoice earlier : {ConsensusChoice::mean, ConsensusChoice::median}) {
      const TemporaryFolder out;
      Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
      RunOptions options{.consensus = earlier, .frames = {.stop = 12}, .keep_evidence = evidence};
      cut_journal(run_video(ensemble, demo_video(), out.path(), options), 8);
      options.consensus = ConsensusChoice::automatic;
      options.keep_evidence = false;
      const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
      EXPECT_EQ(outcome.num_resumed, 8);
      const bool has_track = evidence && earlier == ConsensusChoice::mean;
      EXPECT_EQ(choice_of(outcome.consensus.method), has_track ? ConsensusChoice::track : earlier);
    }
  }
}

TEST(RunVideo, FurtherResultsOfAFinishedRunAreMadeWithoutNetworks) {
  const TemporaryFolder out;
  RunOptions options{.frames = {.stop = 12}};
  run_demo({.tune = false}, options, out.path());
  options.format = TableFormat::both;
  options.save_members = options.wide_csv = options.labeled_video = true;
  options.smooth = SmoothChoice::kalman;
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
  EXPECT_EQ(ensemble.weight_bytes(), 0);  // no weights were loaded
  EXPECT_FALSE(outcome.ran_networks);
  EXPECT_EQ(outcome.num_frames, 12);
  const TemporaryFolder at_once;
  run_demo({.tune = false}, options, at_once.path());
  for (const fs::path& file : outcome.files) {
    ASSERT_TRUE(fs::exists(file)) << file;
    if (file.extension() != ".csv") continue;
    EXPECT_EQ(read_file(file), read_file(at_once.path() / file.lexically_relative(out.path())));
  }
}

/// A calibration of a constant variance of 4 px^2 for the demo's members.
fs::path write_constant_calibration(const Ensemble& ensemble, const std::string& consensus,
                                    double scale, const fs::path& path) {
  Calibration made{.consensus = consensus,
                   .rule = std::string(to_string(ensemble.consensus_rule()))};
  for (const MemberNetwork& member : ensemble.members()) {
    made.member_names.push_back(member.name);
    made.member_hashes.push_back(member.weights_sha256);
    made.member_rules.emplace_back(to_string(member.rule));
  }
  made.bodyparts = ensemble.bodyparts();
  made.model = {.constant = true,
                .a = 2,
                .pooled_members = std::vector<Covariance>(4, {1, 0, 1}),
                .pooled_map = std::vector<Covariance>(4, {1, 0, 1}),
                .scale = std::vector<double>(4, scale)};
  made.regions = {{.share = 0.9,
                   .bound = 4,
                   .bodyparts = std::vector<double>(4, 4.0),
                   .held = 0.88,
                   .held_low = 0.8,
                   .held_high = 0.95}};
  made.pooled_bodyparts = {"tailbase"};
  write_calibration(made, path);
  return path;
}

TEST(RunVideo, ACalibrationComesToFinishedResultsWithoutNetworksAndTakesNothingAway) {
  const TemporaryFolder out, files;
  RunOptions options{.frames = {.stop = 6}, .save_members = true};
  run_demo({.tune = false}, options, out.path());
  const fs::path members = out.path().string() + "-extras";
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  options.save_members = false;
  options.calibration =
      write_constant_calibration(ensemble, "track", 1, files.path() / "c.json").string();
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
  EXPECT_EQ(outcome.status, RunStatus::done);
  EXPECT_EQ(ensemble.weight_bytes(), 0);  // no weights were loaded
  EXPECT_TRUE(fs::exists(outcome.paths.journal));
  const auto tables = [&] {
    size_t count = 0;
    const RecordedRun recorded = read_run_record(outcome.paths.record).value();
    for (const std::string& name : recorded.files) {
      const bool is_member = name.find("member-") != std::string::npos && name.ends_with(".h5");
      count += is_member && fs::exists(outcome.paths.folder / name) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(tables(), 5U);
  const ExtraValues radius = read_extra(outcome.files.front(), "radius90");
  for (const double value : radius.values) EXPECT_NEAR(value, 4, 1e-12);  // 2 px times sqrt(4)
  const std::string record = read_file(outcome.paths.record);
  EXPECT_NE(record.find("\"held\": 0.88"), std::string::npos);
  EXPECT_NE(record.find("\"pooled_bodyparts\""), std::string::npos);
  EXPECT_EQ(run_video(ensemble, demo_video(), out.path(), options).status, RunStatus::skipped);
  // Another calibration takes its place when told to, and the members' tables stay then too.
  write_constant_calibration(ensemble, "track", 4, options.calibration);
  EXPECT_THROW(run_video(ensemble, demo_video(), out.path(), options), Error);
  options.force = true;
  run_video(ensemble, demo_video(), out.path(), options);
  EXPECT_EQ(ensemble.weight_bytes(), 0);
  EXPECT_EQ(tables(), 5U);
  EXPECT_NEAR(read_extra(outcome.files.front(), "radius90").values[0], 8, 1e-12);
}

TEST(RunVideo, ACalibrationOfAnotherConsensusIsRefusedWithWhatToDo) {
  const TemporaryFolder out, files;
  RunOptions options{.frames = {.stop = 4}};
  run_demo({.tune = false}, options, out.path());
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  options.calibration =
      write_constant_calibration(ensemble, "mean", 1, files.path() / "c.json").string();
  try {
    run_video(ensemble, demo_video(), out.path(), options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.notes().hint.find("--consensus track --video"), std::string::npos);
    EXPECT_NE(error.notes().hint.find("--consensus mean --out NEW"), std::string::npos);
  }
}

TEST(RunVideo, WithoutItsJournalAFurtherResultNeedsTheNetworksAgain) {
  const TemporaryFolder out;
  RunOptions options{.frames = {.stop = 4}, .keep_journal = false};
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  EXPECT_FALSE(fs::exists(run_video(ensemble, demo_video(), out.path(), options).paths.journal));
  options.format = TableFormat::both;
  EXPECT_TRUE(run_video(ensemble, demo_video(), out.path(), options).ran_networks);
}

TEST(RunVideo, AnOutputThatFailsCostsNeitherTheOthersNorTheNetworksAgain) {
  const TemporaryFolder out;
  const RunOptions options{
      .frames = {.stop = 4}, .format = TableFormat::both, .labeled_video = true};
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  const fs::path blocked =
      out.path() / "openarena" / "openarenaDLC_posseTrack_openarena_5members_labeled.mp4" / "x";
  write_file(blocked, "a folder where the video should be");
  const RunOutcome first = run_video(ensemble, demo_video(), out.path(), options);
  ASSERT_EQ(first.failed.size(), 1U);
  EXPECT_EQ(first.failed[0].name, "labelled video");
  for (const fs::path& file : first.files) EXPECT_TRUE(fs::is_regular_file(file)) << file;
  const fs::path csv = first.files.at(1);
  const auto written = fs::last_write_time(csv);
  fs::remove_all(blocked.parent_path());
  Ensemble again = Ensemble::open(std::vector{demo()}, {.tune = false});
  const RunOutcome second = run_video(again, demo_video(), out.path(), options);
  EXPECT_TRUE(second.failed.empty());
  EXPECT_EQ(again.weight_bytes(), 0);
  EXPECT_TRUE(fs::is_regular_file(blocked.parent_path()));
  EXPECT_EQ(fs::last_write_time(csv), written);  // it was left alone
  EXPECT_EQ(run_video(again, demo_video(), out.path(), options).status, RunStatus::skipped);
}

TEST(RunVideo, TheSameRunAgainIsSkippedAndAnotherOneNeedsForce) {
  const TemporaryFolder out;
  RunOptions options{.frames = {.stop = 8}};
  run_demo({.tune = false}, options, out.path());
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  EXPECT_EQ(run_video(ensemble, demo_video(), out.path(), options).status, RunStatus::skipped);
  options.frames.stop = 9;
  EXPECT_THROW(run_video(ensemble, demo_video(), out.path(), options), Error);
  options.force = true;
  EXPECT_EQ(run_video(ensemble, demo_video(), out.path(), options).num_frames, 9);
}

TEST(RunVideo, WritesWhatTheRecordLists) {
  const TemporaryFolder out;
  const RunOptions options{.frames = {.stop = 5},
                           .format = TableFormat::both,
                           .save_members = true,
                           .labeled_video = true};
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
  EXPECT_EQ(outcome.files.size(), 2 + 1 + 15 + 1 + 1);
  for (const fs::path& file : outcome.files) EXPECT_TRUE(fs::exists(file)) << file;
  EXPECT_EQ(open_video(outcome.paths.consensus("_labeled.mp4"))->info().width, 320);
  const auto record = read_run_record(outcome.paths.record);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->files.size(), outcome.files.size());
}

TEST(RunVideo, SmoothsWhatTheMembersSaidWithAndWithoutLookingAhead) {
  const TemporaryFolder out;
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  for (const SmoothChoice choice : {SmoothChoice::kalman, SmoothChoice::causal}) {
    const RunOptions options{.frames = {.stop = 40}, .smooth = choice, .force = true};
    const RunOutcome outcome = run_video(ensemble, demo_video(), out.path(), options);
    const Poses poses = read_pose_table(outcome.paths.smoothed(".h5")).table.poses;
    ASSERT_EQ(poses.num_frames(), 40U);
    EXPECT_EQ(poses.bodyparts, kParts);
    for (const Keypoint& keypoint : poses.keypoints) {
      // The animal stays within the picture of 320 x 240 pixels; the map may reach half a cell
      // beyond.
      EXPECT_TRUE(keypoint.x > -8 && keypoint.x < 328 && keypoint.y > -8 && keypoint.y < 248);
      EXPECT_TRUE(keypoint.likelihood >= 0 && keypoint.likelihood <= 1);
    }
  }
}

TEST(RunVideo, AVideoThatIsTextIsAnErrorAndLeavesNothing) {
  const TemporaryFolder out;
  write_file(out.path() / "notes.mp4", "this is no video");
  Ensemble ensemble = Ensemble::open(std::vector{demo() / "member-1"}, {.tune = false});
  EXPECT_THROW(run_video(ensemble, out.path() / "notes.mp4", out.path() / "results", {}), Error);
  EXPECT_FALSE(fs::exists(out.path() / "results"));
}

TEST(Ensemble, OfNoMembersOrAFolderWithoutNetworksIsAnError) {
  const TemporaryFolder empty;
  EXPECT_THROW(Ensemble::open(std::vector<fs::path>{}), Error);
  EXPECT_THROW(Ensemble::open(std::vector{empty.path()}), Error);
}

TEST(Ensemble, PredictsPicturesAsItDoesFrames) {
  Ensemble ensemble = Ensemble::open(std::vector{demo()}, {.tune = false});
  const auto reader = open_video(demo_video(), {.range = {.start = 60, .stop = 61}});
  VideoFrame frame;
  ASSERT_TRUE(reader->read(frame));
  const auto results = ensemble.predict(std::vector{frame.image});
  ASSERT_EQ(results.size(), 1U);
  const auto golden = read_golden(demo() / "golden" / "member-2.csv");
  EXPECT_NEAR(results[0].members[4].x, golden.at("snout_dlc_x")[60], 0.1);  // as in expect_close
}

}  // namespace
}  // namespace posse
