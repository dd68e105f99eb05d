#include "ensemble/frame_boxes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "support/errors.h"

namespace posse {
namespace {
using testing::error_of;
using ::testing::HasSubstr;

class FrameBoxFiles : public ::testing::Test {
 protected:
  FrameBoxes read(const std::string& text) const {
    std::ofstream(folder_.path() / "clip_bbox.csv") << text;
    return read_frame_boxes(folder_.path() / "clip_bbox.csv");
  }
  TemporaryFolder folder_;
};

TEST_F(FrameBoxFiles, AreReadByTheNamesOfTheirColumns) {
  const FrameBoxes boxes = read(",w,x,y,h\r\n0,40,1,2,30\r\n1,41.5,-3,4,5\r\n\r\n");
  ASSERT_EQ(boxes.boxes.size(), 2U);
  EXPECT_EQ(boxes.box_of(0, {100, 100}), (CropBox{.x1 = 1, .x2 = 41, .y1 = 2, .y2 = 32}));
  EXPECT_EQ(read("x,y,h,w\n1,2,3,4\n").boxes.size(), 1U);
}

TEST_F(FrameBoxFiles, AreCutToWholeNumbersAndThenToTheFrame) {
  const FrameBoxes boxes = read("x,y,h,w\n-3.7,4.9,5.9,10.2\n90,0,300,20.9\n");
  // -3.7 becomes -3, and 10.2 becomes 10: columns -3 to 7, of which 0 to 7 are there.
  EXPECT_EQ(boxes.box_of(0, {100, 100}), (CropBox{.x1 = 0, .x2 = 7, .y1 = 4, .y2 = 9}));
  EXPECT_EQ(boxes.box_of(1, {50, 100}), (CropBox{.x1 = 90, .x2 = 100, .y1 = 0, .y2 = 50}));
}

TEST_F(FrameBoxFiles, ThatCannotBeUsedSayWhy) {
  EXPECT_THAT(error_of([&] { read("x,y,height,width\n1,2,3,4\n"); }).message(),
              HasSubstr("no column 'h'"));
  EXPECT_THAT(error_of([&] { read("x,y,h,w\n1,2,3,4\n1,2,,4\n"); }).message(),
              HasSubstr("line 3: h is ''"));
  EXPECT_THAT(error_of([&] { read("x,y,h,w\n1,nan,3,4\n"); }).message(), HasSubstr("y is 'nan'"));
  EXPECT_THAT(error_of([&] { read("x,y,h,w\n"); }).message(), HasSubstr("no box"));
  const FrameBoxes boxes = read("x,y,h,w\n5,5,0,10\n100,0,5,5\n");
  EXPECT_THAT(error_of([&] {
                boxes.box_of(0, {50, 50});
              }).message(),
              HasSubstr("frame 0 (x 5, y 5, h 0, w 10)"));
  EXPECT_THAT(error_of([&] { boxes.box_of(1, {50, 50}); }).message(), HasSubstr("no pixel"));
  EXPECT_THAT(error_of([&] {
                boxes.box_of(2, {50, 50});
              }).message(),
              HasSubstr("2 boxes, none for frame 2"));
}

}  // namespace
}  // namespace posse
