// Trained networks on real and rendered frames, against outputs of an independent float32
// implementation that ran the same snapshots frame by frame with the frame's own statistics.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/npy.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "network/backend.h"
#include "network/load_network.h"
#include "support/golden_networks.h"
#include "support/shared_data.h"
#include "video/image_file.h"
#include "video/video_reader.h"

namespace posse {
namespace {

namespace fs = std::filesystem;

/// The only snapshot of a project with one training folder.
fs::path snapshot_of(const fs::path& project) {
  for (const auto& entry : fs::recursive_directory_iterator(project)) {
    if (entry.path().extension() == ".index") return entry.path();
  }
  return {};
}

/// Compares every available backend with the goldens of two frames and all five members.
///
/// The limit, as a fraction of the output's range, covers the goldens' own float32 noise: up to
/// 0.0012 of logits that span about 70 (2e-5), doubled for the noise of the tested side.
void compare(const fs::path& folder, const std::vector<std::string>& frames) {
  constexpr double kLimit = 4e-5;
  for (int m = 1; m <= 5; ++m) {
    const TensorFlowCheckpoint checkpoint =
        TensorFlowCheckpoint::open(snapshot_of(folder / fmt::format("member-{}", m)));
    const Graph graph = build_graph(detect_network(checkpoint));
    const Weights weights = load_weights(graph, checkpoint);
    for (const Backend* backend : backends()) {
      if (backend->why_unavailable()) continue;
      const auto executor = backend->compile(graph, weights, {.tune = false});
      const auto workspace = executor->make_workspace();
      for (const std::string& frame : frames) {
        SCOPED_TRACE(fmt::format("member {}, frame {}, {}", m, frame, backend->name()));
        const Image image = read_image(folder / "golden" / fmt::format("frame-{}.png", frame));
        NetworkOutput output;
        executor->run({image.height, image.width, {image.rgb.data()}}, true, *workspace, output);
        const std::string stem = fmt::format("member-{}-frame-{}", m, frame);
        EXPECT_LE(testing::relative_to_range(
                      output.scoremap_logits.values(),
                      read_npy(folder / "golden" / (stem + "-logits.npy")).values()),
                  kLimit);
        EXPECT_LE(testing::relative_to_range(
                      output.locref.values(),
                      read_npy(folder / "golden" / (stem + "-locref.npy")).values()),
                  kLimit);
      }
    }
  }
}

TEST(TrainedNetworks, OfTheDemoGiveTheirGoldenMaps) {
  compare(testing::source_folder() / "data" / "demo", {"0060", "0200"});
}

TEST(TrainedNetworks, OfTheOpenfieldEnsembleGiveTheirGoldenMaps) {
  POSSE_SHARED_OR_SKIP(folder, "openfield-ensemble");
  compare(folder, {"0000", "0040"});
}

}  // namespace
}  // namespace posse
