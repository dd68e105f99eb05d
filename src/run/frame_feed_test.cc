#include "run/frame_feed.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/shared_data.h"

namespace posse {
namespace {

std::filesystem::path demo_video() {
  return testing::source_folder() / "data" / "demo" / "video" / "openarena.mp4";
}

struct Seen {
  int64_t frame_index = 0;
  double time_seconds = 0;
  std::vector<uint8_t> pixels;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read_all(FrameFeed& feed) {
  std::vector<Seen> seen;
  for (VideoFrame frame; feed.read(frame);) {
    seen.push_back({frame.frame_index, frame.time_seconds, frame.image.rgb});
  }
  return seen;
}

std::vector<Seen> whole(int64_t step) {
  FrameFeed feed(demo_video());
  feed.go_to({.start = 0, .stop = 60, .step = step});
  return read_all(feed);
}

// However a range is cut into pieces, and in whatever order they are asked for, the frames are
// those of the whole range.
TEST(FrameFeed, PiecesGiveTheFramesOfTheWhole) {
  for (const int64_t step : {1, 3}) {
    const std::vector<Seen> expected = whole(step);
    ASSERT_EQ(expected.size(), static_cast<size_t>(60 / step));
    const std::vector<FrameRange> pieces = {
        {.start = 0, .stop = 21, .step = step},
        {.start = 21, .stop = 30, .step = step},
        {.start = 30, .stop = 30, .step = step},  // an empty one
        {.start = 30, .stop = 60, .step = step},
    };
    FrameFeed feed(demo_video());
    std::vector<Seen> seen;
    for (const FrameRange& piece : pieces) {
      feed.go_to(piece, {.has_more = true});
      for (Seen& frame : read_all(feed)) seen.push_back(std::move(frame));
    }
    EXPECT_EQ(seen, expected);

    feed.go_to(pieces[1], {.has_more = true});  // back
    seen = read_all(feed);
    EXPECT_EQ(seen.front(), expected[static_cast<size_t>(21 / step)]);
    EXPECT_EQ(seen.size(), static_cast<size_t>(9 / step));
  }
}

TEST(FrameFeed, APieceThatWasLeftInTheMiddleIsReadAnew) {
  FrameFeed feed(demo_video());
  feed.go_to({.start = 0, .stop = 20}, {.has_more = true});
  VideoFrame frame;
  ASSERT_TRUE(feed.read(frame));
  feed.go_to({.start = 20, .stop = 22}, {.has_more = true});
  EXPECT_EQ(read_all(feed).front().frame_index, 20);
}

TEST(FrameFeed, EachPieceReportsItsOwnFrames) {
  FrameFeed feed(demo_video());
  int64_t num_decoded = 0;
  for (int64_t begin = 0; begin < 360; begin += 120) {
    const bool is_last = begin == 240;
    feed.go_to({.start = begin, .stop = is_last ? std::nullopt : std::optional(begin + 120)},
               {.has_more = true});
    read_all(feed);
    num_decoded += feed.report().num_decoded;
    EXPECT_EQ(feed.report().reached_end, is_last);
  }
  EXPECT_EQ(num_decoded, 360);
}

// Frames that are decoded on the way to a piece, or ahead of it, are counted by their own piece.
TEST(FrameFeed, PiecesReadApartCountEachFrameOnce) {
  for (const int64_t step : {1, 3}) {
    int64_t num_decoded = 0;
    for (int64_t begin = 0; begin < 360; begin += 60) {
      FrameFeed feed(demo_video());
      const bool is_last = begin == 300;
      feed.go_to({.start = begin,
                  .stop = is_last ? std::nullopt : std::optional(begin + 60),
                  .step = step},
                 {.has_before = begin > 0, .has_more = !is_last});
      EXPECT_EQ(read_all(feed).front().frame_index, begin);
      num_decoded += feed.report().num_decoded;
      EXPECT_EQ(feed.report().num_corrupt, 0);
    }
    EXPECT_EQ(num_decoded, 360) << step;
  }
}

}  // namespace
}  // namespace posse
