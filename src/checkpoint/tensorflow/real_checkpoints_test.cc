/// Checkpoints that TensorFlow wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<fs::path> indexes_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name.ends_with(".index")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(RealBundles, AllThatAreCompleteVerifyAndLoad) {
  POSSE_SHARED_OR_SKIP(folder, "tf-bundles");
  std::set<CheckpointDtype> types;
  size_t num_complete = 0;
  for (const fs::path& index : indexes_below(folder)) {
    if (index.string().find("tf2-two-shard-ckpt") != std::string::npos)
      continue;  // a shard is missing
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index);
    EXPECT_THAT(checkpoint.verify(), IsEmpty()) << index;
    for (const VariableInfo& variable : checkpoint.variables()) {
      types.insert(variable.dtype);
      if (variable.dtype == CheckpointDtype::float32) {
        EXPECT_EQ(checkpoint.read(variable.name).shape(), variable.shape) << variable.name;
      }
    }
    ++num_complete;
  }
  EXPECT_EQ(num_complete, 13);
  // Strings have a checksum of their own kind, which verify() has just proven on real ones.
  EXPECT_THAT(types, Contains(CheckpointDtype::string));
  EXPECT_THAT(types, Contains(CheckpointDtype::int64));
}

TEST(RealBundles, ASnappyCompressedIndexSaysTheSameAsItsPlainTwin) {
  POSSE_SHARED_OR_SKIP(folder, "tf-bundles/tfx-testdata");
  const TensorFlowCheckpoint packed =
      TensorFlowCheckpoint::open(folder / "snappy-savedmodel/variables/variables");
  const TensorFlowCheckpoint shards =
      TensorFlowCheckpoint::open(folder / "snappy-two-shard/variables/variables");
  EXPECT_EQ(shards.num_data_files(), 2);
  ASSERT_EQ(packed.variables().size(), shards.variables().size());
  for (const VariableInfo& variable : packed.variables()) {
    const VariableInfo* twin = shards.find(variable.name);
    ASSERT_NE(twin, nullptr) << variable.name;
    EXPECT_EQ(twin->shape, variable.shape);
  }
}

TEST(RealBundles, AMissingShardIsAnErrorOnlyForWhatLiesInIt) {
  POSSE_SHARED_OR_SKIP(folder, "tf-bundles/tf2-two-shard-ckpt");
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(folder / ".index");
  EXPECT_EQ(checkpoint.num_data_files(), 2);
  ASSERT_THAT(checkpoint.variables(), SizeIs(189));
  EXPECT_EQ(checkpoint.variables()[0].name, "_CHECKPOINTABLE_OBJECT_GRAPH");
  EXPECT_EQ(checkpoint.variables()[0].dtype, CheckpointDtype::string);
  try {
    checkpoint.read("optimizer/learning_rate/.ATTRIBUTES/VARIABLE_VALUE");
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.message(), HasSubstr(".data-00001-of-00002: is missing"));
  }
  // The first shard is there and sound, strings included.
  EXPECT_THAT(checkpoint.verify(), ElementsAre(HasSubstr(".data-00001-of-00002: is missing")));
}

TEST(RealBundles, AnOldFormatFileIsNamed) {
  POSSE_SHARED_OR_SKIP(
      file,
      "tf-bundles/tf-serving-testdata/tensorflow_serving/session_bundle/testdata/half_plus_two/"
      "00000123/export-00000-of-00001");
  try {
    TensorFlowCheckpoint::open(file);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.message(), HasSubstr("TensorFlow's format V1"));
  }
}

/// 265 backbone variables of 23,561,152 numbers and four of the heads, for `parts` bodyparts (2048
/// channels, 3x3 kernels).
int64_t resnet50_bytes(int64_t parts) { return 4 * (23'561'152 + 3 * parts * (9 * 2048 + 1)); }

TEST(RealIndexes, OfDeepLabCutHaveTheNamesShapesAndOffsetsOfTheirNetwork) {
  POSSE_SHARED_OR_SKIP(folder, "dlc-snapshot-indexes");
  size_t num_resnets = 0;
  for (const fs::path& index : indexes_below(folder)) {
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index);
    int64_t end = 0;  // a saver packs the variables in the order of their names
    for (const VariableInfo& variable : checkpoint.variables()) {
      EXPECT_EQ(variable.offset, end) << index << " " << variable.name;
      end += variable.num_bytes;
    }
    const VariableInfo* parts = checkpoint.find("pose/part_pred/block4/biases");
    if (parts == nullptr) continue;
    EXPECT_THAT(checkpoint.variables(), SizeIs(269)) << index;
    EXPECT_EQ(end, resnet50_bytes(parts->shape.at(0))) << index;
    EXPECT_EQ(checkpoint.find("resnet_v1_50/conv1/weights")->shape, (Shape{7, 7, 3, 64}));
    EXPECT_EQ(checkpoint.find("pose/part_pred/block4/weights")->shape,
              (Shape{3, 3, parts->shape[0], 2048}));
    EXPECT_EQ(checkpoint.find("pose/locref_pred/block4/biases")->shape,
              (Shape{2 * parts->shape[0]}));
    ++num_resnets;
  }
  EXPECT_EQ(num_resnets, 9);
}

TEST(RealIndexes, OfEfficientNetsHoldAStepCounter) {
  POSSE_SHARED_OR_SKIP(folder, "dlc-snapshot-indexes/dlc-pretrained-index");
  const TensorFlowCheckpoint b0 = TensorFlowCheckpoint::open(folder / "efficientnet-b0/model.ckpt");
  const TensorFlowCheckpoint b3 = TensorFlowCheckpoint::open(folder / "efficientnet-b3/model.ckpt");
  EXPECT_THAT(b0.variables(), SizeIs(623));
  EXPECT_THAT(b3.variables(), SizeIs(993));
  EXPECT_EQ(b3.find("global_step")->dtype, CheckpointDtype::int64);
  EXPECT_EQ(b3.find("efficientnet-b3/stem/conv2d/kernel")->shape, (Shape{3, 3, 3, 40}));
}

TEST(RealIndexes, WithoutTheirDataSaySo) {
  POSSE_SHARED_OR_SKIP(folder, "dlc-snapshot-indexes/dlc-davinci");
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(folder / "snapshot-50000");
  EXPECT_THAT(checkpoint.verify(),
              ElementsAre(HasSubstr("is missing; it holds the values of 269 of the 269 variables "
                                    "(97341352 bytes)")));
}

TEST(RealSnapshots, OfTheDemoVerifyAndLoad) {
  const auto indexes = indexes_below(testing::source_folder() / "data" / "demo");
  EXPECT_THAT(indexes, SizeIs(5));
  for (const fs::path& index : indexes) {
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index);
    EXPECT_THAT(checkpoint.verify(), IsEmpty());
    EXPECT_EQ(checkpoint.num_data_files(), 1);
    for (const VariableInfo& variable : checkpoint.variables()) {
      if (variable.dtype != CheckpointDtype::float32) continue;
      EXPECT_EQ(checkpoint.read(variable.name).shape(), variable.shape) << variable.name;
    }
  }
}

TEST(RealSnapshots, OfTheOpenFieldEnsembleVerify) {
  POSSE_SHARED_OR_SKIP(folder, "openfield-ensemble");
  const auto indexes = indexes_below(folder);
  EXPECT_THAT(indexes, SizeIs(5));
  for (const fs::path& index : indexes) {
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(index);
    EXPECT_THAT(checkpoint.verify(), IsEmpty());
    EXPECT_THAT(checkpoint.variables(), SizeIs(264));  // 260 of the backbone, 4 of the heads
  }
}

}  // namespace
}  // namespace posse
