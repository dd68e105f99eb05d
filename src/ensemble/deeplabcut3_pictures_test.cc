// What DeepLabCut 3 makes of frames in front of a network, against the tool's own pictures
// (torch-goldens/README.md, dlc-preprocess): every case of a network for whole frames. The other
// cases are crops for top-down networks, which are refused by name.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/npy.h"
#include "base/picture_shaping.h"
#include "project/deeplabcut3_config.h"
#include "support/shared_data.h"
#include "video/image_file.h"

namespace posse {
namespace {

TorchConfig config_with(const std::string& transforms) {
  return parse_deeplabcut3_config(
      "method: bu\nmetadata: {bodyparts: [nose]}\nmodel:\n"
      "  backbone: {type: ResNet, model_name: resnet50_gn, output_stride: 16}\n"
      "  heads: {bodypart: {type: HeatmapHead, heatmap_config: {channels: [2048, 1], "
      "kernel_size: [3], strides: [2]}}}\n"
      "data:\n  inference: " +
          transforms + "\n",
      "pytorch_config.yaml");
}

/// [1, 3, height, width] of float32 as the network is given it, against our bytes.
void expect_same(const Tensor& expected, const Image& ours, const TorchConfig& config) {
  ASSERT_EQ(expected.dim(2), ours.height);
  ASSERT_EQ(expected.dim(3), ours.width);
  const int64_t cells = expected.dim(2) * expected.dim(3);
  int64_t different = 0;
  double largest = 0;
  for (int64_t i = 0; i < 3 * cells; ++i) {
    const auto channel = static_cast<size_t>(i / cells);
    const float byte = ours.rgb[static_cast<size_t>(3 * (i % cells)) + channel];
    const float input = (byte - config.mean_pixel[channel]) / config.input_scale[channel];
    const float theirs = expected.data()[i];
    const auto their_byte =
        static_cast<double>(theirs * config.input_scale[channel] + config.mean_pixel[channel]);
    if (std::nearbyint(their_byte) != static_cast<double>(byte)) ++different;
    largest = std::max(largest, static_cast<double>(std::abs(input - theirs)));
  }
  EXPECT_EQ(different, 0) << "bytes of " << 3 * cells;
  // The tool multiplies by the reciprocal: two roundings of numbers up to 2.7.
  EXPECT_LT(largest, 5e-7);
}

TEST(DeepLabCut3Pictures, AreTheToolsOwnBitForBit) {
  POSSE_SHARED_OR_SKIP(goldens, "torch-goldens");
  if (std::system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0) {
    GTEST_SKIP() << "needs python3 with numpy";
  }
  const TemporaryFolder folder;
  const std::string command =
      "/usr/bin/python3 -c \"import numpy, sys\n"
      "for name, values in numpy.load(sys.argv[1]).items():\n"
      "  numpy.save(sys.argv[2] + '/' + name + '.npy', values)\" '" +
      (goldens / "dlc-preprocess/inputs.npz").string() + "' '" + folder.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(goldens / "dlc-preprocess/cases.json");
  const auto cases = nlohmann::json::parse(file);
  int num_compared = 0;
  for (const auto& [name, given] : cases.items()) {
    if (!given.contains("inference_transforms") || !given.contains("shape")) continue;
    SCOPED_TRACE(name);
    const TorchConfig config = config_with(given["inference_transforms"].dump());
    EXPECT_TRUE(config.warnings.empty());
    const Image frame =
        read_image(goldens / "frames" / (given["frame"].get<std::string>() + ".png"));
    expect_same(read_npy(folder.path() / (name + ".npy")), shape_picture(config.shaping, frame),
                config);
    const ShapedGeometry seen = shaped_geometry(config.shaping, {frame.height, frame.width});
    EXPECT_EQ(seen.scale_x, given["scale"][0].get<double>());
    EXPECT_EQ(seen.scale_y, given["scale"][1].get<double>());
    EXPECT_EQ(seen.offset_x, given["offset"][0].get<double>());
    EXPECT_EQ(seen.offset_y, given["offset"][1].get<double>());
    ++num_compared;
  }
  EXPECT_EQ(num_compared, 12);
}

TEST(DeepLabCut3Pictures, RandomPaddingIsSaidAndTheCentreTaken) {
  const TorchConfig config =
      config_with("{auto_padding: {pad_height_divisor: 32, pad_width_divisor: 32}}");
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_NE(config.warnings.front().find("random"), std::string::npos);
  const ShapedGeometry seen = shaped_geometry(config.shaping, {113, 157});
  EXPECT_EQ(seen.offset_x, -1);
  EXPECT_EQ(seen.offset_y, -7);
}

}  // namespace
}  // namespace posse
