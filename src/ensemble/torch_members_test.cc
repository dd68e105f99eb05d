// Networks of DeepLabCut 3 and Lightning Pose against what the tools themselves computed
// (torch-goldens/README.md): raw maps, points and scores on still frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "base/files.h"
#include "base/npy.h"
#include "ensemble/ensemble.h"
#include "ensemble/torch_network.h"
#include "network/backend.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "network/load_network.h"
#include "support/onnxruntime.h"
#include "support/shared_data.h"
#include "video/image_file.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct Golden {
  const char* name;
  bool lightning;
  std::vector<const char*> frames;
  std::vector<const char*> heads;  ///< as the stored arrays are called; of DeepLabCut
};

std::ostream& operator<<(std::ostream& out, const Golden& golden) { return out << golden.name; }

/// The values of a stored [1, channels, h, w] in the order of posse's maps.
std::vector<float> channels_last(const Tensor& stored) {
  std::vector<float> values;
  const int64_t cells = stored.dim(2) * stored.dim(3);
  for (int64_t cell = 0; cell < cells; ++cell) {
    for (int64_t c = 0; c < stored.dim(1); ++c) values.push_back(stored.data()[c * cells + cell]);
  }
  return values;
}

/// Largest difference over the largest stored value.
double relative_error(std::span<const float> ours, const std::vector<float>& theirs) {
  EXPECT_EQ(ours.size(), theirs.size());
  double largest = 0;
  double error = 0;
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(theirs[i])));
    error = std::max(error, static_cast<double>(std::abs(ours[i] - theirs[i])));
  }
  return error / largest;
}

/// Maps of all heads side by side, as the network gives them.
std::vector<float> joined(const std::vector<Tensor>& heads) {
  std::vector<std::vector<float>> each;
  std::vector<size_t> channels;
  for (const Tensor& head : heads) {
    each.push_back(channels_last(head));
    channels.push_back(static_cast<size_t>(head.dim(1)));
  }
  std::vector<float> all;
  for (size_t cell = 0; cell < each[0].size() / channels[0]; ++cell) {
    for (size_t h = 0; h < each.size(); ++h) {
      const auto first = each[h].begin() + static_cast<ptrdiff_t>(cell * channels[h]);
      all.insert(all.end(), first, first + static_cast<ptrdiff_t>(channels[h]));
    }
  }
  return all;
}

class TorchGolden : public ::testing::TestWithParam<Golden> {
 protected:
  void SetUp() override {
    POSSE_SHARED_OR_SKIP(goldens, "torch-goldens");
    goldens_ = goldens;
    const Golden& golden = GetParam();
    const fs::path model = folder_.path() / "model";
    member_ = golden.lightning ? model : model / "train";
    const fs::path snapshot =
        golden.lightning
            ? model / "tb_logs/openarena/version_0/checkpoints/epoch=1-step=9-best.ckpt"
            : member_ / "snapshot-200.pt";
    const fs::path script = testing::source_folder() / "tests/support/torch_golden.py";
    const std::string command = "/usr/bin/python3 '" + script.string() + "' '" + goldens.string() +
                                "' " + golden.name + " '" + snapshot.string() + "' '" +
                                (folder_.path() / "out").string() + "'";
    if (std::system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0) {
      GTEST_SKIP() << "needs python3 with numpy";
    }
    ASSERT_EQ(std::system(command.c_str()), 0);
    const char* config = golden.lightning ? "config.yaml" : "pytorch_config.yaml";
    fs::copy_file(goldens / golden.name / config, member_ / config);
  }

  Tensor stored(const std::string& name) const {
    return read_npy(folder_.path() / "out" / (name + ".npy"));
  }
  Image picture(const std::string& frame) const {
    return read_image(goldens_ / "frames" / (frame + ".png"));
  }
  Ensemble open() const {
    const std::vector<fs::path> paths = {member_};
    return Ensemble::open(paths, {.tune = false});
  }

  /// Runs the case's pictures, and compares maps and locref with those that are stored.
  void expect_maps_of_tool(const Executor& executor) const {
    const auto workspace = executor.make_workspace();
    for (const std::string frame : GetParam().frames) {
      const Image image = picture(frame);
      NetworkOutput output;
      executor.run({image.height, image.width, {image.rgb.data()}}, true, *workspace, output);
      std::vector<Tensor> maps;
      std::vector<Tensor> locrefs;
      if (GetParam().lightning) {
        maps.push_back(stored(frame + ".logits"));
      } else {
        for (const std::string head : GetParam().heads) {
          maps.push_back(stored(frame + "." + head + ".heatmap"));
          locrefs.push_back(stored(frame + "." + head + ".locref"));
        }
      }
      // Winograd and folded norms change the rounding: 1e-4 of the maps' range.
      EXPECT_LT(relative_error(output.scoremap_logits.values(), joined(maps)), 1e-4) << frame;
      if (locrefs.empty()) continue;
      EXPECT_LT(relative_error(output.locref.values(), joined(locrefs)), 1e-4) << frame;
    }
  }

  TemporaryFolder folder_;
  fs::path goldens_;
  fs::path member_;
};

/// Of our own engine and, where it is there, of ONNX Runtime.
std::vector<std::unique_ptr<Executor>> executors_of(const Graph& graph, const Weights& weights) {
  std::vector<std::unique_ptr<Executor>> executors;
  executors.push_back(choose_backend("cpu").compile(graph, weights, {.tune = false}));
  const fs::path& library = testing::onnxruntime_library();
  if (library.empty()) return executors;
  executors.push_back(open_onnxruntime("cpu", library)->compile(graph, weights, {}));
  return executors;
}

TEST_P(TorchGolden, RawMapsAreTheTools) {
  const Ensemble ensemble = open();
  const MemberNetwork& member = ensemble.members().front();
  const Weights weights = load_weights(member.graph, *member.weights);
  for (const auto& executor : executors_of(member.graph, weights)) expect_maps_of_tool(*executor);
}

TEST_P(TorchGolden, PointsAndScoresAreTheTools) {
  Ensemble ensemble = open();
  const double bound = GetParam().lightning ? 0.05 : 0.02;  // px; one cell is 4 to 19 px
  for (const std::string frame : GetParam().frames) {
    const std::vector<Image> images = {picture(frame)};
    const std::vector<Keypoint> ours = ensemble.predict(images).front().members;
    std::vector<double> errors;
    const auto compare = [&](const Keypoint& keypoint, double x, double y, double score) {
      errors.push_back(std::hypot(keypoint.x - x, keypoint.y - y));
      EXPECT_NEAR(keypoint.likelihood, score, 1e-3) << frame;
    };
    if (GetParam().lightning) {
      const Tensor points = stored(frame + ".points");
      const Tensor scores = stored(frame + ".scores");
      for (size_t k = 0; k < ours.size(); ++k) {
        compare(ours[k], static_cast<double>(points.data()[2 * k]),
                static_cast<double>(points.data()[2 * k + 1]),
                static_cast<double>(scores.data()[k]));
      }
    } else {
      size_t next = 0;
      for (const std::string head : GetParam().heads) {
        const Tensor points =
            stored(frame + (head == "bodypart" ? ".bodyparts" : ".unique_bodyparts"));
        for (int64_t k = 0; k < points.size() / 3; ++k, ++next) {
          compare(ours.at(next), static_cast<double>(points.data()[3 * k]),
                  static_cast<double>(points.data()[3 * k + 1]),
                  static_cast<double>(points.data()[3 * k + 2]));
        }
      }
    }
    std::sort(errors.begin(), errors.end());
    EXPECT_LT(errors[errors.size() / 2], bound) << frame;
    EXPECT_LT(errors.back(), 10 * bound) << frame;
  }
}

using LightningResize = TorchGolden;

TEST_P(LightningResize, OnBytesGivesThePicturesAndPointsOfTheToolsSingleFrames) {
  Ensemble ensemble =
      Ensemble::open(std::vector{member_}, {.resize = ResizeChoice::linear_bytes, .tune = false});
  for (const std::string frame : GetParam().frames) {
    const std::vector<Image> images = {picture(frame)};
    const std::vector<FrameResult> results = ensemble.predict(images);
    const Tensor points = stored(frame + ".predict_frame.points");
    const Tensor scores = stored(frame + ".predict_frame.scores");
    for (size_t k = 0; k < results.front().members.size(); ++k) {
      const Keypoint& ours = results.front().members[k];
      EXPECT_NEAR(ours.x, static_cast<double>(points.data()[2 * k]), 0.05) << frame;
      EXPECT_NEAR(ours.y, static_cast<double>(points.data()[2 * k + 1]), 0.05) << frame;
      EXPECT_NEAR(ours.likelihood, static_cast<double>(scores.data()[k]), 1e-3) << frame;
    }
  }
  const std::string first = GetParam().frames.front();
  for (const auto& [choice, name] :
       {std::pair(ResizeChoice::linear_bytes, ".predict_frame.resized_uint8"),
        std::pair(ResizeChoice::cubic_bytes, ".labelled_image.resized_uint8")}) {
    const fs::path file = folder_.path() / "out" / (first + name + ".npy");
    if (!fs::exists(file)) continue;
    const Image ours =
        shape_picture(shaping_of(ensemble.members().front().member, choice), picture(first));
    const std::vector<double> theirs = read_npy_doubles(file);
    ASSERT_EQ(theirs.size(), ours.rgb.size());
    size_t different = 0;
    for (size_t i = 0; i < theirs.size(); ++i) {
      if (theirs[i] != static_cast<double>(ours.rgb[i])) ++different;
    }
    EXPECT_EQ(different, 0U) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Tools, LightningResize,
                         ::testing::Values(Golden{"lp-resnet50", true, {"f060", "f300half"}, {}},
                                           Golden{"lp-resnet18-ds3", true, {"f060"}, {}}),
                         [](const auto& instance) {
                           return instance.index == 0 ? "resnet50" : "resnet18_ds3";
                         });

using ShapedFrames = TorchGolden;

TEST_P(ShapedFrames, GiveThePointsOfTheShapedPictureInTheFrame) {
  const Image frame = picture("f300half");
  Ensemble plain = open();
  std::string config = read_file(member_ / "pytorch_config.yaml");
  const std::string key = GetParam().heads.front();
  const size_t place = config.find(key + ": null", config.find("  inference:\n"));
  ASSERT_NE(place, std::string::npos);
  config.replace(place, key.size() + 6, key + ": " + GetParam().frames.front());
  fs::remove(member_ / "pytorch_config.yaml");
  std::ofstream(member_ / "pytorch_config.yaml") << config;
  Ensemble shaping = open();
  const MemberNetwork& member = shaping.members().front();
  const ShapedGeometry seen = shaped_geometry(member.shaping, {frame.height, frame.width});
  ASSERT_FALSE(member.shaping.changes_nothing());
  const std::vector<Image> shaped_pictures = {shape_picture(member.shaping, frame)};
  const std::vector<Image> frames = {frame};
  const std::vector<FrameResult> results = shaping.predict(frames);
  const FrameResult& found = results.front();
  const std::vector<FrameResult> plain_results = plain.predict(shaped_pictures);
  const FrameResult& expected = plain_results.front();
  for (size_t k = 0; k < expected.members.size(); ++k) {
    EXPECT_NEAR(found.members[k].x, expected.members[k].x * seen.scale_x + seen.offset_x, 1e-3);
    EXPECT_NEAR(found.members[k].y, expected.members[k].y * seen.scale_y + seen.offset_y, 1e-3);
    EXPECT_EQ(found.members[k].likelihood, expected.members[k].likelihood);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Preparations, ShapedFrames,
    ::testing::Values(
        Golden{"dlc-resnet_50",
               false,
               {"{pad_height_divisor: 32, pad_width_divisor: 96, position: bottom_right}"},
               {"auto_padding"}},
        Golden{
            "dlc-resnet_50", false, {"{height: 100, width: 150, keep_ratio: false}"}, {"resize"}}),
    [](const auto& instance) { return instance.index == 0 ? "Padding" : "Resize"; });

INSTANTIATE_TEST_SUITE_P(
    Networks, TorchGolden,
    ::testing::Values(
        Golden{"dlc-resnet_50", false, {"f060", "f200crop", "f300half", "f120odd"}, {"bodypart"}},
        Golden{"dlc-resnet_50-bn", false, {"f200crop", "f300half"}, {"bodypart"}},
        Golden{"dlc-resnet_50-stride8", false, {"f200crop"}, {"bodypart"}},
        Golden{"dlc-resnet_50-unique", false, {"f300half"}, {"bodypart", "unique_bodypart"}},
        Golden{"lp-resnet50", true, {"f060", "f200crop", "f300half"}, {}},
        Golden{"lp-resnet18-ds3", true, {"f060", "f300half"}, {}}),
    [](const auto& golden) {
      std::string name = golden.param.name;
      for (char& c : name) {
        if (c == '-') c = '_';
      }
      return name;
    });

}  // namespace
}  // namespace posse
