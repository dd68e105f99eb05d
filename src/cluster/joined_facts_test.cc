#include "cluster/joined_facts.h"

#include <gtest/gtest.h>

#include <memory>

namespace posse {
namespace {

OpenFrames frames(std::vector<int64_t> numbers) {
  return [numbers = std::move(numbers)] {
    return [numbers, next = std::make_shared<size_t>(0)](FrameResult& result) {
      if (*next == numbers.size()) return false;
      result.frame_index = numbers[(*next)++];
      return true;
    };
  };
}

JournalFacts facts_of(VideoReport report) {
  JournalFacts facts;
  facts.report = std::move(report);
  return facts;
}

class JoinedFactsTest : public ::testing::Test {
 protected:
  VideoInfo info_ = [] {
    VideoInfo info;
    info.container_num_frames = 12;
    return info;
  }();
  JoinedFacts joined_{{.start = 0, .stop = 12}, info_};

  void add(int64_t begin, std::vector<int64_t> numbers, VideoReport report) {
    report.num_decoded = std::ssize(numbers);
    const auto count = std::ssize(numbers);
    joined_.add({.start = begin, .stop = begin + 4}, count, facts_of(std::move(report)),
                frames(std::move(numbers)));
  }
};

TEST_F(JoinedFactsTest, NamesLostAndCorruptFramesOfUnitsThatWereReadApart) {
  add(0, {0, 1, 2, 3}, {.num_corrupt = 1, .warnings = {"1 frame ... (frame 2)."}});
  add(4, {5, 7}, {.num_jumped = 3});
  add(8, {8, 9, 10, 11},
      {.num_jumped = 8, .num_corrupt = 1, .warnings = {"1 frame ... (frame 9)."}});
  const VideoReport report = joined_.whole().report;
  EXPECT_EQ(report.num_decoded, 10);
  EXPECT_EQ(report.num_corrupt, 2);
  EXPECT_EQ(report.num_undecodable, 2);
  EXPECT_EQ(report.warnings,
            (std::vector<std::string>{
                "1 frame ... (frame 2).",
                "2 frames could not be decoded and are left out (frames 4 and 6).",
                "1 frame ... (frame 9).",
                "From frame 4 on, behind the damage, frames were read without what is before them: "
                "posse run may number them differently."}));
}

TEST_F(JoinedFactsTest, AReaderThatSawAllFramesSaysAllOfThem) {
  add(0, {0, 1, 3}, {.warnings = {"of the first unit"}});
  add(4, {4, 5, 6, 7}, {});
  add(8, {8, 9, 10, 11},
      {.num_undecodable = 1,
       .reached_end = true,
       .warnings = {"The container announces 12 frames, decoding gave 11.",
                    "1 frame could not be decoded and is left out (frame 2)."}});
  const VideoReport report = joined_.whole().report;
  EXPECT_EQ(report.num_undecodable, 1);
  EXPECT_EQ(report.warnings.size(), 2U);
}

TEST_F(JoinedFactsTest, ARateThatVariesInAnyUnitVaries) {
  add(0, {0, 1, 2, 3}, {});
  add(4, {4, 5, 6, 7}, {.num_jumped = 2, .variable_frame_rate = true});
  add(8, {8, 9, 10, 11}, {.num_jumped = 6, .reached_end = true});
  const JournalFacts whole = joined_.whole();
  EXPECT_TRUE(whole.report.variable_frame_rate);
  ASSERT_EQ(whole.report.warnings.size(), 1U);
  EXPECT_NE(whole.report.warnings[0].find("frame rate varies"), std::string::npos);
}

}  // namespace
}  // namespace posse
