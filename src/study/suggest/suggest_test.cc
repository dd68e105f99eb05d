#include "study/suggest/suggest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "study/suggest/disagreement.h"
#include "study/suggest/suggest_job.h"
#include "support/made_results.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::write_made_results;

constexpr size_t kMembers = 5;

/// Members about the place of the moment, wide apart in the frames 200 to 205 and 600 to 605.
void some_disagree(FrameResult& result) {
  const auto frame = static_cast<double>(result.frame_index);
  const bool apart = (result.frame_index >= 200 && result.frame_index < 206) ||
                     (result.frame_index >= 600 && result.frame_index < 606);
  for (size_t m = 0; m < kMembers; ++m) {
    for (size_t p = 0; p < 2; ++p) {
      const double angle = static_cast<double>(m) * 1.256 + static_cast<double>(p);
      const double far = apart ? 40 : 1;
      result.members[2 * m + p] = {100 + frame / 10 + far * std::cos(angle),
                                   50 + 20 * static_cast<double>(p) + far * std::sin(angle), 0.9};
    }
  }
  for (size_t p = 0; p < 2; ++p)
    result.consensus[p].keypoint = {100 + frame / 10, 50 + 20 * static_cast<double>(p), 0.9};
}

std::vector<int64_t> frames_of(const Suggestions& suggestions, SuggestedFor why, size_t video = 0) {
  std::vector<int64_t> frames;
  for (const Suggestion& each : suggestions.frames)
    if (each.why == why && each.video == video) frames.push_back(each.frame);
  return frames;
}

Suggestions suggest_of(const std::vector<fs::path>& results, const SuggestOptions& options,
                       const LabelSet* labels = nullptr,
                       const std::vector<PicturesThere>& there = {}) {
  return suggest_frames(results, options, labels, there, false, {});
}

TEST(MedianDistance, IsMovedByNoSingleMemberOfFour) {
  const std::vector<Keypoint> square = {{0, 0, 1}, {1, 0, 1}, {0, 1, 1}, {500, 0, 1}};
  EXPECT_DOUBLE_EQ(median_distance(square), std::sqrt(2.0));
  const std::vector<Keypoint> two = {{0, 0, 1}, {3, 4, 1}, {NAN, NAN, 0}};
  EXPECT_DOUBLE_EQ(median_distance(two), 5);
  EXPECT_TRUE(std::isnan(median_distance(std::span(two).subspan(1))));
}

TEST(MemberBlame, FindsTheOneThatFailed) {
  MemberBlame even(4), failed(4);
  const std::vector<Keypoint> square = {{0, 0, 1}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}};
  std::vector<Keypoint> lost = square;
  lost[2] = {300, 200, 1};
  for (int i = 0; i < 3; ++i) even.add(square), failed.add(lost);
  for (const double share : even.shares()) EXPECT_NEAR(share, 0, 1e-12);
  EXPECT_GT(failed.shares()[2], 0.98);
  EXPECT_LT(failed.shares()[0], 0);
  EXPECT_TRUE(std::isnan(MemberBlame(4).shares()[0]));
}

TEST(Suggest, TakesWhereMembersDisagreeAndLeavesTime) {
  const TemporaryFolder folder;
  const fs::path results =
      write_made_results(folder.path(), {.num_frames = 900, .fill = some_disagree});
  const Suggestions made = suggest_of({results}, {.count = 4, .audit = 0.5, .seed = 2});
  const auto chosen = frames_of(made, SuggestedFor::disagreement);
  const auto audit = frames_of(made, SuggestedFor::audit);
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_TRUE(chosen[0] >= 200 && chosen[0] < 206) << chosen[0];
  EXPECT_TRUE(chosen[1] >= 600 && chosen[1] < 606) << chosen[1];
  EXPECT_EQ(audit.size(), 2U);
  EXPECT_EQ(made.audit_population, 900U);
  for (const Suggestion& each : made.frames) {
    EXPECT_EQ(each.members.size(), 10U);
    if (each.why == SuggestedFor::audit) {
      EXPECT_DOUBLE_EQ(each.inclusion_probability, 2.0 / 900);
    } else {
      EXPECT_TRUE(std::isnan(each.inclusion_probability));
    }
  }
  EXPECT_FALSE(made.failed);
}

TEST(Suggest, DrawsAtMostTheAuditsShareOfTheFramesThereAre) {
  const TemporaryFolder folder;
  const fs::path results =
      write_made_results(folder.path(), {.num_frames = 40, .fill = some_disagree});
  const Suggestions made = suggest_of({results}, {.count = 1000, .audit = 0.2});
  EXPECT_EQ(frames_of(made, SuggestedFor::audit).size(), 8U);
}

TEST(Suggest, ScoresWithoutAMemberThatFailedAndSaysWhich) {
  const TemporaryFolder folder;
  const auto fill = [](FrameResult& result) {
    some_disagree(result);
    if (result.frame_index > 300 && result.frame_index < 500)
      for (size_t p = 0; p < 2; ++p) result.members[2 * 3 + p] = {3000, 2000, 0.9};
  };
  const fs::path results = write_made_results(
      folder.path(), {.members = {"a", "b", "c", "d", "e"}, .num_frames = 900, .fill = fill});
  const Suggestions made = suggest_of({results}, {.count = 2, .audit = 0});
  ASSERT_TRUE(made.failed);
  EXPECT_EQ(*made.failed, 3U);
  const auto named = [](const std::string& text) {
    return text.find("member d causes 9") != std::string::npos;
  };
  EXPECT_TRUE(std::any_of(made.warnings.begin(), made.warnings.end(), named));
  const auto chosen = frames_of(made, SuggestedFor::disagreement);
  EXPECT_TRUE(chosen[0] >= 200 && chosen[0] < 206 && chosen[1] >= 600 && chosen[1] < 606);
}

TEST(Suggest, KeepsAwayFromWhatIsLabelledAndFromPicturesThatAreThere) {
  const TemporaryFolder folder;
  const fs::path results =
      write_made_results(folder.path(), {.num_frames = 900, .fill = some_disagree});
  LabelSet labels{.scorer = "me",
                  .bodyparts = {"nose", "tail"},
                  .pictures = {},
                  .labels = {},
                  .files = {},
                  .sha256 = "",
                  .warnings = {},
                  .repeats = ""};
  for (int64_t frame = 0; frame < 60; ++frame) {
    labels.pictures.push_back(
        {.name = "", .file = {}, .folder = "video", .number = 203 + (frame % 3)});
    labels.labels.insert(labels.labels.end(), 2, {{1, 2}, false});
  }
  const std::vector<PicturesThere> there = {{"video", {602}}};
  const Suggestions made =
      suggest_of({results}, {.count = 10, .audit = 0.5, .seed = 3}, &labels, there);
  for (const Suggestion& each : made.frames) {
    if (each.why == SuggestedFor::audit) continue;
    EXPECT_TRUE(std::abs(each.frame - 204) >= 15 && std::abs(each.frame - 602) >= 15) << each.frame;
  }
  EXPECT_EQ(made.audit_population, 900U - 3 - 1);
  EXPECT_EQ(made.strategy, SuggestStrategy::disagreement);
  labels.pictures.resize(40), labels.labels.resize(80);
  EXPECT_EQ(suggest_of({results}, {}, &labels).strategy, SuggestStrategy::typical);
}

TEST(Suggest, LabelsThatAreOfOtherVideosAreTold) {
  const TemporaryFolder folder;
  const fs::path results =
      write_made_results(folder.path(), {.num_frames = 900, .fill = some_disagree});
  LabelSet labels;
  labels.bodyparts = {"nose", "tail"};
  labels.pictures.push_back({.name = "", .file = {}, .folder = "video1", .number = 203});
  labels.labels.resize(2, {{1, 2}, false});
  const auto is_told = [&] {
    const Suggestions made = suggest_of({results}, {.count = 4, .labels = "labels.csv"}, &labels);
    return std::any_of(made.warnings.begin(), made.warnings.end(), [](const std::string& text) {
      return text.find("(labels: video1; videos: video)") != std::string::npos;
    });
  };
  EXPECT_TRUE(is_told());
  labels.pictures[0].folder = "video";
  EXPECT_FALSE(is_told());
}

TEST(Suggest, SharesOverVideosByTheRootOfTheirDoubtAndOverAnimalsFirst) {
  const TemporaryFolder folder;
  std::vector<fs::path> results;
  for (const char* stem : {"m1-a", "m1-b", "m1-c", "m2-a"})
    results.push_back(write_made_results(folder.path(),
                                         {.stem = stem, .num_frames = 900, .fill = some_disagree}));
  Suggestions made = suggest_of(results, {.count = 12, .audit = 0});
  for (const SuggestedVideo& video : made.videos) EXPECT_EQ(video.share, 3);
  made = suggest_of(results, {.count = 12, .audit = 0, .per_animal = "^(m[0-9]+)-"});
  EXPECT_EQ(made.videos[0].share, 2);
  EXPECT_EQ(made.videos[3].share, 6);
  EXPECT_EQ(made.frames.size(), 12U);
  EXPECT_THROW(suggest_of(results, {.per_animal = "("}), Error);
}

TEST(Suggest, OfVideosThatAreGoneSaysSoOnce) {
  const TemporaryFolder folder;
  std::vector<fs::path> results;
  for (int i = 0; i < 6; ++i) {
    const std::string stem = "v" + std::to_string(i);
    results.push_back(write_made_results(
        folder.path(), {.stem = stem, .video = "/gone/" + stem + ".mp4", .num_frames = 60}));
  }
  const Suggestions made = suggest_of(results, {.count = 6, .audit = 0});
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("6 videos"), std::string::npos) << made.warnings[0];
  EXPECT_EQ(made.frames.size(), 6U);
  EXPECT_THROW(suggest_frames(results, {}, nullptr, {}, true, {}), Error);
}

TEST(Suggest, RefusesWhatItCannotTakeTogether) {
  const TemporaryFolder folder;
  const fs::path a = write_made_results(folder.path(), {.stem = "a"});
  const fs::path b = write_made_results(folder.path(), {.stem = "b", .members = {"x", "y", "z"}});
  const fs::path c = write_made_results(folder.path(), {.stem = "c", .journal = false});
  EXPECT_THROW(suggest_of({a, b}, {}), Error);
  EXPECT_THROW(suggest_of({a, a}, {}), Error);
  EXPECT_THROW(suggest_of({c}, {}), Error);
  EXPECT_THROW(suggest_of({a}, {.count = 0}), Error);
  EXPECT_THROW(suggest_of({a}, {.audit = 1.5}), Error);
}

TEST(SuggestJob, WritesItsFilesOnceAndTheSameWhereItIsRepeated) {
  const TemporaryFolder folder;
  const fs::path results =
      write_made_results(folder.path() / "r", {.num_frames = 900, .fill = some_disagree});
  const SuggestTargets targets{.out = folder.path() / "out", .project = {}};
  const std::vector<fs::path> paths = {results};
  SuggestOptions options{.count = 5};
  const SuggestOutcome first = suggest(paths, targets, options);
  for (const fs::path& file : first.files) EXPECT_TRUE(fs::exists(file)) << file;
  const std::string record = read_file(targets.out / "posse-suggestions.json");
  const auto json = nlohmann::json::parse(record);
  EXPECT_EQ(json.at("frames").size(), 5U);
  EXPECT_TRUE(suggest(paths, targets, options).was_done);
  options.count = 6;
  EXPECT_THROW(suggest(paths, targets, options), Error);
  options.count = 5;
  SuggestTargets again = targets;
  again.force = true;
  suggest(paths, again, options);
  EXPECT_EQ(read_file(targets.out / "posse-suggestions.json"), record);
  SuggestTargets dry = targets;
  dry.out = folder.path() / "other", dry.dry_run = true;
  EXPECT_EQ(suggest(paths, dry, options).suggestions.frames.size(), 5U);
  EXPECT_FALSE(fs::exists(dry.out));
}

}  // namespace
}  // namespace posse
