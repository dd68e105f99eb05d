#include "network/load_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "support/checkpoint_writer.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A small MobileNetV2 written as a snapshot into a folder of its own.
class LoadNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("load_network_") + info->name());
    fs::remove_all(folder_);
    NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = 0.35};
    spec.scope = "MobilenetV2/";
    spec.num_bodyparts = 3;
    graph_ = build_graph(spec);
    for (auto& [name, tensor] : testing::synthetic_weights(graph_)) {
      variables_.push_back({name, tensor.clone()});
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  Tensor& tensor(const std::string& name) {
    return std::find_if(variables_.begin(), variables_.end(),
                        [&](const auto& v) { return v.name == name; })
        ->tensor;
  }

  TensorFlowCheckpoint write() {
    const fs::path prefix = folder_ / "snapshot-11";
    testing::write_checkpoint(prefix, variables_);
    return TensorFlowCheckpoint::open(prefix);
  }

  Error refusal() {
    try {
      load_weights(graph_, write());
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::usage, "accepted"};
  }

  fs::path folder_;
  Graph graph_;
  std::vector<testing::NamedTensor> variables_;
};

TEST_F(LoadNetwork, FindsTheNetworkAndItsNumbers) {
  const TensorFlowCheckpoint checkpoint = write();
  const NetworkSpec spec = detect_network(checkpoint);
  EXPECT_EQ(net_type(spec), "mobilenet_v2_0.35");
  EXPECT_EQ(spec.num_bodyparts, 3);
  const Weights weights = load_weights(build_graph(spec), checkpoint);
  ASSERT_EQ(weights.size(), variables_.size());
  for (const auto& [name, expected] : variables_) {
    const auto found = weights.at(name).values();
    EXPECT_TRUE(
        std::equal(found.begin(), found.end(), expected.values().begin(), expected.values().end()))
        << name;
  }
}

TEST_F(LoadNetwork, AMissingVariableIsNamedWithItsFile) {
  std::erase_if(variables_, [](const auto& v) { return v.name == "MobilenetV2/Conv_1/weights"; });
  const Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("'MobilenetV2/Conv_1/weights'"));
  EXPECT_THAT(error.message(), HasSubstr("snapshot-11"));
}

TEST_F(LoadNetwork, AWrongShapeIsNamedWithTheExpectedOne) {
  tensor("MobilenetV2/Conv/weights") = Tensor(Shape{3, 3, 1, 16});
  const Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::shape_mismatch);
  EXPECT_THAT(error.message(), HasSubstr("[3, 3, 1, 16], expected [3, 3, 3, 16]"));
}

TEST_F(LoadNetwork, NanWeightsAreRefused) {
  tensor("pose/part_pred/block4/biases").values()[2] = std::nanf("");
  const Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("'pose/part_pred/block4/biases'"));
  EXPECT_THAT(error.message(), HasSubstr("snapshot-11"));
}

struct RealSnapshot {
  std::string prefix;
  std::string net_type;
  int num_bodyparts;
};

/// Arrays in memory: a network needs nothing of a checkpoint but what the seam offers.
class ArraysInMemory final : public WeightSource {
 public:
  explicit ArraysInMemory(const std::vector<testing::NamedTensor>& arrays) : arrays_(arrays) {}

  const fs::path& path() const override { return path_; }
  std::string format() const override { return "arrays in memory"; }
  int num_data_files() const override { return 0; }
  std::vector<WeightInfo> list() const override {
    std::vector<WeightInfo> weights;
    for (const auto& [name, tensor] : arrays_)
      weights.push_back({name, tensor.shape(), "float32", 4 * tensor.size()});
    return weights;
  }
  std::optional<Shape> shape(std::string_view name) const override {
    const auto* array = find(name);
    return array == nullptr ? std::nullopt : std::optional(array->tensor.shape());
  }
  Tensor read(std::string_view name) const override { return find(name)->tensor.clone(); }
  std::string fingerprint() const override { return "in memory"; }
  std::vector<std::string> verify() const override { return {}; }
  void check_files() const override {}

 private:
  const testing::NamedTensor* find(std::string_view name) const {
    const auto found = std::find_if(arrays_.begin(), arrays_.end(),
                                    [&](const auto& array) { return array.name == name; });
    return found == arrays_.end() ? nullptr : &*found;
  }

  const std::vector<testing::NamedTensor>& arrays_;
  fs::path path_ = "memory";
};

TEST_F(LoadNetwork, AnySourceOfWeightsWillDo) {
  const ArraysInMemory source(variables_);
  const NetworkSpec spec = detect_network(source);
  EXPECT_EQ(net_type(spec), "mobilenet_v2_0.35");
  const Weights weights = load_weights(build_graph(spec), source);
  ASSERT_EQ(weights.size(), variables_.size());
  std::erase_if(variables_, [](const auto& v) { return v.name == "MobilenetV2/Conv_1/weights"; });
  try {
    load_weights(graph_, source);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("missing in memory"));
  }
}

class RealSnapshots : public ::testing::TestWithParam<RealSnapshot> {};

// Indexes of models that people published; their numbers are not there.
TEST_P(RealSnapshots, AreDetectedAndHaveEveryVariableOfTheGraph) {
  POSSE_SHARED_OR_SKIP(index, "dlc-snapshot-indexes/" + GetParam().prefix + ".index");
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index);
  const NetworkSpec spec = detect_network(checkpoint);
  EXPECT_EQ(net_type(spec), GetParam().net_type);
  EXPECT_EQ(spec.num_bodyparts, GetParam().num_bodyparts);
  EXPECT_TRUE(spec.has_locref);
  for (const Variable& variable : graph_variables(build_graph(spec))) {
    const VariableInfo* found = checkpoint.find(variable.name);
    ASSERT_NE(found, nullptr) << variable.name;
    EXPECT_EQ(found->shape, variable.shape) << variable.name;
  }
  EXPECT_THROW(load_weights(build_graph(spec), checkpoint), Error);  // the data file is missing
}

INSTANTIATE_TEST_SUITE_P(
    Published, RealSnapshots,
    ::testing::Values(
        RealSnapshot{"dlc-cottontail/snapshot-200000", "resnet_50", 11},
        RealSnapshot{"dlc-davinci/snapshot-50000", "resnet_50", 14},
        RealSnapshot{"dlc-bsoid-openfield/dlc-models/iteration-29/"
                     "OpenFieldHighResApr8-trainset95shuffle1/train/snapshot-1030000",
                     "resnet_50", 6},
        RealSnapshot{"dlc-juggling-4cam/DLC_Models/PinkGreenRedJugglingBalls-JSM-2021-05-31/"
                     "dlc-models/iteration-0/PinkGreenRedJugglingBallsMay31-trainset95shuffle1/"
                     "train/snapshot-20000",
                     "resnet_50", 3}));

TEST(PretrainedBackbones, AreRefusedAsHavingNoHeads) {
  for (const std::string number : {"0", "3"}) {
    POSSE_SHARED_OR_SKIP(index, "dlc-snapshot-indexes/dlc-pretrained-index/efficientnet-b" +
                                    number + "/model.ckpt.index");
    try {
      detect_network(TensorFlowCheckpoint::open(index));
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("efficientnet-b" + number + " without pose heads"));
    }
  }
}

}  // namespace
}  // namespace posse
