// DeepLabCut's own maps of a real picture, and the detections DeepLabCut made from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/npy.h"
#include "keypoints/decode.h"
#include "support/scoremaps.h"
#include "support/shared_data.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::OwnedScoremap;

struct Detection {
  int bodypart = 0;
  double x = 0, y = 0, confidence = 0;
};

class DlcMaps : public ::testing::Test {
 protected:
  void SetUp() override {
    POSSE_SHARED_OR_SKIP(folder, "dlc-maps");
    const fs::path out = fs::path(::testing::TempDir()) /
                         ("posse-dlc-maps-" + std::to_string(testing::seed_of_this_test()));
    fs::create_directories(out);
    const fs::path script = testing::source_folder() / "tests/support/npy_from_pickle.py";
    const std::string command = "/usr/bin/python3 '" + script.string() + "' '" + folder.string() +
                                "' '" + out.string() + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): a fixed script on test data
      GTEST_SKIP() << "needs python3 with numpy";
    }
    load(out);
    fs::remove_all(out);
  }

  void load(const fs::path& folder) {
    const Tensor scoremap = read_npy(folder / "scoremap.npy");
    const Tensor locref = read_npy(folder / "locref.npy");
    map_ = {.logits = {},
            .locref = {locref.values().begin(), locref.values().end()},
            .height = static_cast<int>(scoremap.dim(0)),
            .width = static_cast<int>(scoremap.dim(1)),
            .num_bodyparts =
                static_cast<int>(scoremap.dim(2))};  // stride 8, locref_stdev 7.2801: its pose_cfg
    for (const float p : scoremap.values()) {        // these maps are stored after the sigmoid
      map_.logits.push_back(static_cast<float>(std::log(static_cast<double>(p)) -
                                               std::log1p(-static_cast<double>(p))));
    }
    const Tensor detections = read_npy(folder / "detections.npy");
    for (int64_t i = 0; i < detections.dim(0); ++i) {
      const float* row = detections.data() + 4 * i;
      detections_.push_back({.bodypart = static_cast<int>(row[0]),
                             .x = static_cast<double>(row[1]),
                             .y = static_cast<double>(row[2]),
                             .confidence = static_cast<double>(row[3])});
    }
  }

  /// A copy of the cells within `reach` of a cell, and the pixel offset of its corner.
  OwnedScoremap window(int row, int col, int reach, double& corner_x, double& corner_y) const {
    const int top = std::max(row - reach, 0);
    const int left = std::max(col - reach, 0);
    const int bottom = std::min(row + reach + 1, map_.height);
    const int right = std::min(col + reach + 1, map_.width);
    OwnedScoremap part{.logits = {},
                       .locref = {},
                       .height = bottom - top,
                       .width = right - left,
                       .num_bodyparts = map_.num_bodyparts};
    for (int r = top; r < bottom; ++r) {
      const auto begin = static_cast<long>(map_.view().index(r, left, 0));
      const auto end = static_cast<long>(map_.view().index(r, right, 0));
      part.logits.insert(part.logits.end(), map_.logits.begin() + begin, map_.logits.begin() + end);
      part.locref.insert(part.locref.end(), map_.locref.begin() + 2 * begin,
                         map_.locref.begin() + 2 * end);
    }
    corner_x = left * map_.stride;
    corner_y = top * map_.stride;
    return part;
  }

  OwnedScoremap map_;
  std::vector<Detection> detections_;
};

// Detections are stored with three decimals of pixels and five of confidence, and read back as
// float32.
constexpr double kPixelTolerance = 5e-4 + 5e-5;
constexpr double kConfidenceTolerance = 5e-6 + 1e-7;

TEST_F(DlcMaps, TheBestDetectionIsTheKeypointOfTheDlcRule) {
  const std::vector<Keypoint> keypoints = decode_keypoints(map_.view(), DecodeRule::dlc);
  ASSERT_EQ(keypoints.size(), 12U);
  for (int j = 0; j < 12; ++j) {
    Detection best;
    for (const Detection& detection : detections_) {
      if (detection.bodypart == j && detection.confidence > best.confidence) {
        best = detection;
      }
    }
    EXPECT_NEAR(keypoints[static_cast<size_t>(j)].x, best.x, kPixelTolerance) << "bodypart " << j;
    EXPECT_NEAR(keypoints[static_cast<size_t>(j)].y, best.y, kPixelTolerance) << "bodypart " << j;
    EXPECT_NEAR(keypoints[static_cast<size_t>(j)].likelihood, best.confidence, kConfidenceTolerance)
        << "bodypart " << j;
  }
}

TEST_F(DlcMaps, EveryDetectionIsTheKeypointOfTheCellsAroundIt) {
  ASSERT_GT(detections_.size(), 30U);
  for (const Detection& detection : detections_) {
    double corner_x = 0;
    double corner_y = 0;
    const int row = static_cast<int>(std::lround(cell_from_pixel(detection.y, map_.stride)));
    const int col = static_cast<int>(std::lround(cell_from_pixel(detection.x, map_.stride)));
    const OwnedScoremap part = window(std::clamp(row, 0, map_.height - 1),
                                      std::clamp(col, 0, map_.width - 1), 2, corner_x, corner_y);
    const Keypoint keypoint =
        decode_keypoints(part.view(), DecodeRule::dlc)[static_cast<size_t>(detection.bodypart)];
    SCOPED_TRACE(std::to_string(detection.bodypart) + " at " + std::to_string(detection.x) + ", " +
                 std::to_string(detection.y));
    EXPECT_NEAR(keypoint.x + corner_x, detection.x, kPixelTolerance);
    EXPECT_NEAR(keypoint.y + corner_y, detection.y, kPixelTolerance);
    EXPECT_NEAR(keypoint.likelihood, detection.confidence, kConfidenceTolerance);
  }
}

}  // namespace
}  // namespace posse
