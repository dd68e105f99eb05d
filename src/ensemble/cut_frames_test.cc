#include "ensemble/cut_frames.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "ensemble/ensemble.h"
#include "support/errors.h"
#include "support/shared_data.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;

/// Demo members whose config.yaml asks for a box.
class CutFramesOfProjects : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(demo())) GTEST_SKIP() << "no data/demo";
  }
  static fs::path demo() { return testing::source_folder() / "data/demo"; }

  fs::path member_with(int number, const std::string& cropping) const {
    const fs::path source = demo() / fmt::format("member-{}", number);
    const fs::path copy = folder_.path() / fmt::format("member-{}", number);
    fs::create_directories(copy);
    if (!fs::exists(copy / "dlc-models")) {
      fs::create_directory_symlink(source / "dlc-models", copy / "dlc-models");
    }
    std::ofstream(copy / "config.yaml") << read_file(source / "config.yaml") << "\n"
                                        << cropping << "\n";
    return copy;
  }
  static std::string text_of(const CropBox& box) {
    return fmt::format("cropping: true\nx1: {}\nx2: {}\ny1: {}\ny2: {}", box.x1, box.x2, box.y1,
                       box.y2);
  }
  static FrameResult result_of(const std::vector<fs::path>& members, const Image& image,
                               bool no_crop = false) {
    EnsembleOptions options;
    options.no_crop = no_crop;
    options.tune = false;
    options.threads = 1;
    return std::move(Ensemble::open(members, options).predict(std::span(&image, 1)).at(0));
  }
  static Image frame() {
    VideoFrame read;
    open_video(demo() / "video/openarena.mp4", {.range = {.start = 60}})->read(read);
    return read.image;
  }
  static Image part(const Image& image, const CropBox& box) {
    Image cut_out(box.x2 - box.x1, box.y2 - box.y1);
    for (int y = box.y1; y < box.y2; ++y) {
      for (int x = box.x1; x < box.x2; ++x) {
        for (int c = 0; c < 3; ++c) {
          cut_out.rgb[static_cast<size_t>(3 * ((y - box.y1) * cut_out.width + x - box.x1) + c)] =
              image.rgb[static_cast<size_t>(3 * (y * image.width + x) + c)];
        }
      }
    }
    return cut_out;
  }

  TemporaryFolder folder_;
};

// Law: DeepLabCut's own poses of the cut picture, moved by the box's corner.
TEST_F(CutFramesOfProjects, GiveThePosesOfThePartInTheWholeFrame) {
  constexpr CropBox kBox{.x1 = 21, .x2 = 287, .y1 = 6, .y2 = 211};
  const Image whole = frame();
  const std::vector<fs::path> members = {member_with(1, text_of(kBox)),
                                         member_with(4, text_of(kBox))};
  const FrameResult cut_here = result_of(members, whole);
  const FrameResult cut_before = result_of(members, part(whole, kBox), /*no_crop=*/true);
  for (size_t j = 0; j < cut_here.consensus.size(); ++j) {
    const Keypoint& a = cut_here.consensus[j].keypoint;
    const Keypoint& b = cut_before.consensus[j].keypoint;
    EXPECT_NEAR(a.x, b.x + 21, 1e-9);  // rounding of the sum
    EXPECT_NEAR(a.y, b.y + 6, 1e-9);
    EXPECT_EQ(a.likelihood, b.likelihood);
    EXPECT_NEAR(cut_here.members[j].x, cut_before.members[j].x + 21, 1e-9);
  }
}

TEST_F(CutFramesOfProjects, MayDifferBetweenMembers) {
  constexpr CropBox kLeft{.x1 = 5, .x2 = 290, .y1 = 0, .y2 = 240};
  constexpr CropBox kRight{.x1 = 30, .x2 = 320, .y1 = 11, .y2 = 233};
  const Image whole = frame();
  const FrameResult both = result_of(
      {member_with(1, text_of(kLeft)), member_with(2, text_of(kRight)), demo() / "member-4"},
      whole);
  const std::array<FrameResult, 3> alone = {
      result_of({folder_.path() / "member-1"}, part(whole, kLeft), true),
      result_of({folder_.path() / "member-2"}, part(whole, kRight), true),
      result_of({demo() / "member-4"}, whole)};
  const std::array<CropBox, 3> boxes = {kLeft, kRight, CropBox{}};
  const size_t parts = both.consensus.size();
  for (size_t m = 0; m < 3; ++m) {
    for (size_t j = 0; j < parts; ++j) {
      EXPECT_NEAR(both.members[m * parts + j].x, alone[m].members[j].x + boxes[m].x1, 1e-9);
      EXPECT_NEAR(both.members[m * parts + j].y, alone[m].members[j].y + boxes[m].y1, 1e-9);
    }
  }
}

TEST_F(CutFramesOfProjects, OutsideTheVideoOrInvertedAreErrors) {
  const Image whole = frame();  // 320 x 240
  const Error wide = error_of([&] {
    result_of({member_with(1, text_of({.x1 = 0, .x2 = 640, .y1 = 0, .y2 = 480}))}, whole);
  });
  EXPECT_EQ(wide.kind(), ErrorKind::shape_mismatch);
  EXPECT_THAT(wide.message(),
              HasSubstr("columns 0 to 640 and rows 0 to 480, but they are 320x240"));
  EXPECT_THAT(wide.notes().hint, HasSubstr("--no-crop"));
  const Error already = error_of([&] {
    result_of({member_with(1, text_of({.x1 = 8, .x2 = 328, .y1 = 0, .y2 = 240}))}, whole);
  });
  EXPECT_THAT(already.notes().hint, HasSubstr("cut already"));
  const auto inverted = [&](bool no_crop) {
    result_of({member_with(1, text_of({.x1 = 300, .x2 = 10, .y1 = 0, .y2 = 240}))}, whole, no_crop);
  };
  const Error error = error_of([&] { inverted(false); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("columns 300 to 10"));
  inverted(true);
}

TEST_F(CutFramesOfProjects, AreNotTheCropsOfVideoSets) {
  const fs::path member =
      member_with(1, "video_sets:\n  videos/openarena.mp4:\n    crop: 10, 90, 10, 90");
  EXPECT_FALSE(Ensemble::open(std::vector{member}).cuts_frames());
}

}  // namespace
}  // namespace posse
