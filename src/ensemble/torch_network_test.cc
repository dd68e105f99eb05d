// Weights without a configuration, or of another one: refused before anything runs.
#include "ensemble/torch_network.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "project/deeplabcut3_config.h"
#include "support/errors.h"
#include "support/torch_writer.h"

namespace posse {
namespace {
using namespace testing;
using ::testing::HasSubstr;

class TorchNetworkRefusals : public ::testing::Test {
 protected:
  Error refusal(const std::string& file, const std::vector<std::string>& names, TorchKind kind) {
    std::vector<NamedTensor> tensors;
    for (const std::string& name : names) tensors.push_back({name, Tensor(Shape{1})});
    Member member;
    member.snapshot.prefix = folder_.path() / file;
    member.torch = config_;
    write_torch(member.snapshot.prefix, tensors, kind);
    const auto weights = open_weights(member.snapshot.prefix);
    return error_of([&] { torch_network(member, *weights); });
  }

  std::optional<TorchConfig> config_;
  TemporaryFolder folder_;
};

TEST_F(TorchNetworkRefusals, WithoutAConfigurationNameWhatIsMissing) {
  const Error lightning =
      refusal("a.ckpt", {"backbone.0.weight", "head.0.weight"}, TorchKind::lightning);
  EXPECT_EQ(lightning.kind(), ErrorKind::not_found);
  EXPECT_THAT(lightning.message(), HasSubstr("without the config.yaml"));
  // Whatever the file is called.
  const Error deeplabcut =
      refusal("model.ckpt", {"backbone.model.conv1.weight"}, TorchKind::snapshot);
  EXPECT_THAT(deeplabcut.message(), HasSubstr("without the pytorch_config.yaml"));
  EXPECT_THAT(deeplabcut.notes().hint, HasSubstr("training folder"));
}

TEST_F(TorchNetworkRefusals, OfOtherProgramsNameTheWayOut) {
  const Error other = refusal("best.ckpt", {"model.encoder.0.weight"}, TorchKind::lightning);
  EXPECT_EQ(other.kind(), ErrorKind::unsupported);
  EXPECT_THAT(other.message(), HasSubstr("of another program"));
  EXPECT_THAT(other.message(), HasSubstr("'model.encoder.0.weight'"));
  EXPECT_THAT(other.notes().hint, HasSubstr("posse consensus"));
}

TEST_F(TorchNetworkRefusals, OfAnotherConfigurationNameTheFirstTensor) {
  config_ = parse_deeplabcut3_config(
      "method: bu\nnet_type: resnet_50\nmetadata: {bodyparts: [nose, tail]}\nmodel:\n"
      "  backbone: {type: ResNet, model_name: resnet50_gn, output_stride: 16}\n  heads:\n"
      "    bodypart:\n      type: HeatmapHead\n"
      "      predictor: {type: HeatmapPredictor, apply_sigmoid: false, locref_std: 7.5}\n"
      "      heatmap_config: {channels: [2048, 2], kernel_size: [3], strides: [2]}\n"
      "      locref_config: {channels: [2048, 4], kernel_size: [3], strides: [2]}\n",
      "pytorch_config.yaml");
  const Error none = refusal("snapshot-200.pt", {"backbone.model.other"}, TorchKind::snapshot);
  EXPECT_EQ(none.kind(), ErrorKind::shape_mismatch);
  EXPECT_THAT(none.message(), HasSubstr("'backbone.model.conv1.weight' is missing"));
  const Error shape =
      refusal("snapshot-200.pt", {"backbone.model.conv1.weight"}, TorchKind::snapshot);
  EXPECT_THAT(shape.message(),
              HasSubstr("'backbone.model.conv1.weight' has shape [1], expected [64, 3, 7, 7]"));
}

}  // namespace
}  // namespace posse
