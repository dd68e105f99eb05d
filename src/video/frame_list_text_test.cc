#include "video/frame_list_text.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

TEST(FrameListText, NamesTheFirstAndCountsTheRest) {
  EXPECT_EQ(listed_frames({3}, 1), "frame 3");
  EXPECT_EQ(listed_frames({3, 4, 7}, 3), "frames 3, 4 and 7");
  EXPECT_EQ(listed_frames({1, 2}, 22), "frames 1, 2 and 20 more");
  EXPECT_EQ(lost_frames_text({}, 1), "1 frame could not be decoded and is left out");
  EXPECT_EQ(corrupt_frames_text({5, 6}, 2),
            "2 frames decoded with errors in the picture, kept (frames 5 and 6)");
}

}  // namespace
}  // namespace posse
