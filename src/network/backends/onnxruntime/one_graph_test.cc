// Members as one graph against members as several, and which of them a device takes. The device is
// ONNX Runtime's CPU provider, also under the name of CUDA's.
#include "network/backends/onnxruntime/one_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/kept_choices.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "network/backends/onnxruntime/trial_network.h"
#include "support/errors.h"
#include "support/onnxruntime.h"

namespace posse::ort {
namespace {

constexpr Extent kFrame{48, 64};

class Graphs : public ::testing::Test {
 protected:
  void SetUp() override {
    POSSE_ONNXRUNTIME_OR_SKIP(file);
    setenv("POSSE_PROXY_ORT", file.c_str(), 1);
    unsetenv("POSSE_PROXY_ORT_DOES");
    setenv("XDG_CACHE_HOME", cache_.path().c_str(), 1);
    for (Tensor* tensor :
         {&second_.weights.at("conv1/weights"), &second_.weights.at("score/biases")})
      for (float& value : tensor->values()) value *= -0.5F;
  }
  void TearDown() override {
    unsetenv("XDG_CACHE_HOME");
    unsetenv("POSSE_PROXY_ORT_DOES");
  }

  std::unique_ptr<EnsembleExecutor> compiled(GraphsChoice graphs, const std::string& device,
                                             bool same_frames = true) const {
    const std::filesystem::path library =
        device == "cpu" ? testing::onnxruntime_library() : POSSE_PROXY_ORT_LIBRARY;
    const std::vector<EnsembleMember> members = {{&first_.graph, &first_.weights, {}},
                                                 {&second_.graph, &second_.weights, {}}};
    return open_onnxruntime(device, library)
        ->compile_ensemble(members, {.batch_size = 3,
                                     .same_frames = same_frames,
                                     .graphs = graphs,
                                     .frame_extent = kFrame});
  }

  static NetworkOutput run(const EnsembleExecutor& executor, int member, bool with_prefix) {
    const std::vector<uint8_t> picture = golden_picture(kFrame);
    const std::vector<uint8_t> other(picture.rbegin(), picture.rend());
    const FrameBatch batch{kFrame.height, kFrame.width, {picture.data(), other.data()}};
    const auto workspace = executor.make_workspace();
    NetworkOutput output;
    if (with_prefix) {
      const auto all = executor.make_prefix_activations(0);
      executor.run_prefix(0, batch, *workspace, *all);
      executor.run(member, batch, all.get(), true, *workspace, output);
    } else {
      executor.run(member, batch, nullptr, true, *workspace, output);
    }
    return output;
  }

  TemporaryFolder cache_;
  TrialNetwork first_ = make_trial_network(), second_ = make_trial_network();
};

TEST_F(Graphs, OneGivesWhatSeveralGive) {
  for (const char* device : {"cpu", "cuda"}) {
    const auto one = compiled(GraphsChoice::one, device);
    const auto several = compiled(GraphsChoice::several, device);
    EXPECT_EQ(one->facts().graphs, "one");
    EXPECT_EQ(several->facts().graphs, "several");
    EXPECT_LE(one->facts().golden_error, 1e-5);
    EXPECT_EQ(one->num_members(), 2);
    EXPECT_EQ(one->weight_bytes(), several->weight_bytes());
    for (const int member : {0, 1}) {
      const NetworkOutput wanted = run(*several, member, false);
      for (const bool with_prefix : {false, true}) {
        const NetworkOutput got = run(*one, member, with_prefix);
        EXPECT_EQ(got.locref.shape(), wanted.locref.shape());
        // The runtime may fuse operations of one graph otherwise.
        EXPECT_LE(largest_error(wanted.scoremap_logits.values(), got.scoremap_logits.values()),
                  1e-6);
        EXPECT_LE(largest_error(wanted.locref.values(), got.locref.values()), 1e-6);
      }
    }
  }
}

TEST_F(Graphs, ADeviceIsMeasuredOnceAndTheAnswerKept) {
  const std::string measured = compiled(GraphsChoice::automatic, "cuda")->facts().graphs;
  const std::filesystem::path file = cache_.path() / "posse" / "graphs.txt";
  std::ifstream lines(file);
  std::string line, more;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_TRUE(line.starts_with(measured + "\t")) << line;
  for (const std::string word : {"one", "several"}) {
    std::ofstream(file) << word << line.substr(line.find('\t')) << '\n';
    EXPECT_EQ(compiled(GraphsChoice::automatic, "cuda")->facts().graphs, word);
  }
}

TEST_F(Graphs, AreSeveralOnTheProcessorAndWhereMembersSeeOtherFrames) {
  EXPECT_EQ(compiled(GraphsChoice::automatic, "cpu")->facts().graphs, "several");
  EXPECT_EQ(compiled(GraphsChoice::one, "cpu", false)->facts().graphs, "several");
  EXPECT_EQ(compiled(GraphsChoice::automatic, "cuda", false)->facts().graphs, "several");
  EXPECT_FALSE(exists(cache_.path() / "posse" / "graphs.txt"));
}

TEST_F(Graphs, OfMapsOfOtherSizesAreNotPutTogether) {
  Node& head = second_.graph.nodes.at(static_cast<size_t>(second_.graph.scoremap_logits));
  ASSERT_EQ(head.kind, OpKind::conv2d_transpose);
  second_.graph.stride = 4;  // as a network of another stride says
  EXPECT_EQ(compiled(GraphsChoice::automatic, "cuda")->facts().graphs, "several");
  const Error error = posse::testing::error_of([&] { compiled(GraphsChoice::one, "cuda"); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
}

TEST_F(Graphs, HalveTheirBatchWhereTheMemoryIsFull) {
  setenv("POSSE_PROXY_ORT_DOES", "oom:1", 1);
  const auto one = compiled(GraphsChoice::one, "cuda");
  EXPECT_EQ(one->facts().most_frames, 1);
  setenv("POSSE_PROXY_ORT_DOES", "", 1);
  const auto several = compiled(GraphsChoice::several, "cuda");
  EXPECT_LE(
      largest_error(run(*several, 1, false).locref.values(), run(*one, 1, true).locref.values()),
      1e-6);
}

TEST(KeptChoices, KeepTheLastWordOfAKey) {
  const TemporaryFolder folder;
  const KeptChoices kept(folder.path() / "new" / "choices.txt");
  EXPECT_EQ(kept.find("key"), std::nullopt);
  kept.store("key", "one");
  kept.store("key 2", "several");
  kept.store("key", "several");
  EXPECT_EQ(kept.find("key"), "several");
  EXPECT_EQ(kept.find("ke"), std::nullopt);
  EXPECT_EQ(KeptChoices({}).find("key"), std::nullopt);
}

}  // namespace
}  // namespace posse::ort
