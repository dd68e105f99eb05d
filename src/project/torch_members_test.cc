// Members of PyTorch's tools as they lie on disks: which folder, engine and snapshot, what their
// configurations say, and what is refused with the way out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "project/deeplabcut3_config.h"
#include "project/lightning_config.h"
#include "project/project.h"
#include "support/errors.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

constexpr const char* kProject =
    "Task: arena\ndate: Nov28\nscorer: posse\nengine: pytorch\nbodyparts: [nose, tail]\n"
    "TrainingFraction: [0.9]\niteration: 0\nsnapshotindex: -1\n";

std::string network(
    const std::string& backbone = "{type: ResNet, model_name: resnet50_gn, output_stride: 16}",
    const std::string& head_type = "HeatmapHead") {
  return "method: bu\nnet_type: resnet_50\nmetadata: {bodyparts: [nose, tail]}\nmodel:\n"
         "  backbone: " +
         backbone + "\n  heads:\n    bodypart:\n      type: " + head_type +
         "\n      predictor: {type: HeatmapPredictor, apply_sigmoid: false, locref_std: 7.5}\n"
         "      heatmap_config: {channels: [2048, 2], kernel_size: [3], strides: [2]}\n"
         "      locref_config: {channels: [2048, 4], kernel_size: [3], strides: [2]}\n";
}

class TorchMembers : public ::testing::Test {
 protected:
  static void put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  fs::path train(int shuffle, const std::string& models = "dlc-models-pytorch") const {
    return project_ / models / "iteration-0" /
           ("arenaNov28-trainset90shuffle" + std::to_string(shuffle)) / "train";
  }
  void add_torch(int shuffle, const std::string& snapshot = "snapshot-200.pt") const {
    put(train(shuffle) / snapshot, "");
    put(train(shuffle) / "pytorch_config.yaml", network());
  }
  Error refusal(const std::string& text) const {
    return error_of([&] { parse_deeplabcut3_config(text, "pytorch_config.yaml"); });
  }
  Error lightning_refusal(const std::string& text) const {
    put(folder_.path() / "lp.yaml", text);
    return error_of([&] { read_lightning_config(folder_.path() / "lp.yaml"); });
  }
  void SetUp() override { put(project_ / "config.yaml", kProject); }

  TemporaryFolder folder_;
  fs::path project_ = folder_.path() / "arena";
};

TEST_F(TorchMembers, ProjectOfTheEngineIsOpened) {
  add_torch(1);
  const Member member = open_member(project_);
  EXPECT_EQ(member.snapshot.parsed.kind, SnapshotKind::dlc3);
  EXPECT_EQ(member.snapshot.prefix, train(1) / "snapshot-200.pt");
  EXPECT_EQ(member.scorer, "DLC_Resnet50_arenaNov28shuffle1_snapshot_200");
  EXPECT_THAT(member.bodyparts, ElementsAre("nose", "tail"));
  ASSERT_TRUE(member.torch.has_value());
  EXPECT_EQ(member.torch->locref_stdev, 7.5);
  EXPECT_FLOAT_EQ(member.torch->mean_pixel[0], 255 * 0.485F);
}

TEST_F(TorchMembers, BestSnapshotIsTakenAlthoughALaterOneIsThere) {
  add_torch(1, "snapshot-best-140.pt");
  put(train(1) / "snapshot-160.pt", "");
  put(train(1) / "snapshot-detector-best-200.pt", "");
  const Member best = open_member(project_);
  EXPECT_EQ(best.snapshot.name, "snapshot-best-140");
  EXPECT_EQ(best.scorer, "DLC_Resnet50_arenaNov28shuffle1_snapshot_best-140");
  EXPECT_EQ(best.snapshots.size(), 2U);
  EXPECT_EQ(open_member(project_, {.snapshot = "newest"}).snapshot.name, "snapshot-160");
  EXPECT_EQ(open_member(project_, {.snapshot = "best"}).snapshot.name, "snapshot-best-140");
  EXPECT_EQ(open_member(project_, {.snapshot = "160"}).snapshot.name, "snapshot-160");
}

TEST_F(TorchMembers, OfTwoBestSnapshotsTheLaterIsTakenAndSaidSo) {
  add_torch(1, "snapshot-best-090.pt");
  put(train(1) / "snapshot-best-140.pt", "");
  const Member member = open_member(project_);
  EXPECT_EQ(member.snapshot.name, "snapshot-best-140");
  EXPECT_THAT(member.reasons, ::testing::Contains(HasSubstr("later of several")));
}

TEST_F(TorchMembers, ShuffleDecidesBetweenEnginesAndThenTheTrainingSetsNote) {
  add_torch(1);
  put(train(2, "dlc-models") / "snapshot-50.index", "");
  EXPECT_EQ(open_member(project_).snapshot.parsed.kind, SnapshotKind::dlc3);
  EXPECT_EQ(open_member(project_, {.shuffle = 2}).snapshot.parsed.kind, SnapshotKind::dlc);
  add_torch(2);
  EXPECT_EQ(open_member(project_, {.shuffle = 2}).snapshot.parsed.kind, SnapshotKind::dlc3);
  put(project_ / "training-datasets/iteration-0/UnaugmentedDataSet_arenaNov28/metadata.yaml",
      "shuffles:\n  arenaNov28-trainset90shuffle2:\n    engine: tensorflow\n");
  const Member member = open_member(project_, {.shuffle = 2});
  EXPECT_EQ(member.snapshot.parsed.kind, SnapshotKind::dlc);
  EXPECT_THAT(member.reasons, ::testing::Contains(HasSubstr("metadata.yaml")));
}

TEST_F(TorchMembers, NetworksThatCannotBeRunAreNamedWithTheWayOut) {
  const Error hrnet = refusal(network("{type: HRNet, model_name: hrnet_w32}"));
  EXPECT_EQ(hrnet.kind(), ErrorKind::unsupported);
  EXPECT_THAT(hrnet.message(), HasSubstr("HRNet hrnet_w32"));
  EXPECT_THAT(hrnet.notes().hint, HasSubstr("posse consensus"));
  EXPECT_THAT(refusal(network("{type: ResNet, model_name: resnet50_gn}", "DLCRNetHead")).message(),
              HasSubstr("'bodypart' of type DLCRNetHead"));
  std::string top_down = network();
  EXPECT_THAT(refusal(top_down.replace(0, 10, "method: td")).message(), HasSubstr("top-down"));
  EXPECT_THAT(refusal(network() + "data: {inference: {top_down_crop: {width: 256}}}\n").message(),
              HasSubstr("top_down_crop"));
}

TEST_F(TorchMembers, BadConfigurationsAreNamed) {
  EXPECT_THAT(refusal("net_type: resnet_50\n").message(), HasSubstr("has no 'model'"));
  std::string other = network();
  other.replace(other.find("[nose, tail]"), 12, "[nose]");
  EXPECT_THAT(refusal(other).message(), HasSubstr("2 maps for 1 bodyparts"));
  std::string layers = network();
  layers.replace(layers.find("strides: [2]"), 12, "strides: []");
  EXPECT_THAT(refusal(layers).message(), HasSubstr("do not go together"));
}

TEST_F(TorchMembers, PreparationOfFramesIsReadAndBadValuesAreNamed) {
  const auto with = [](const std::string& inference) {
    return network() + "data: {inference: {" + inference + "}}\n";
  };
  const TorchConfig config = parse_deeplabcut3_config(
      with("normalize_images: true, scale_to_unit_range: true, longest_max_size: 100, resize: "
           "false, auto_padding: {min_height: 64, pad_height_divisor: null, position: center, "
           "border_mode: constant, border_value: [1, 300, 2.4]}"),
      "x");
  EXPECT_FLOAT_EQ(config.input_scale[0], 255 * 0.229F * 255);
  EXPECT_FALSE(config.shaping.resize.has_value());
  EXPECT_EQ(config.shaping.longest_side, 100);
  ASSERT_TRUE(config.shaping.padding.has_value());
  EXPECT_EQ(config.shaping.padding->rows.least, 64);
  EXPECT_EQ(config.shaping.padding->columns.divisor, 1);
  EXPECT_FALSE(config.shaping.padding->reflect);
  EXPECT_THAT(config.shaping.padding->value, ElementsAre(1, 255, 2));
  EXPECT_THAT(refusal(with("resize: {height: 0, width: 10}")).message(), HasSubstr("size 0"));
  EXPECT_THAT(refusal(with("auto_padding: {position: middle}")).message(), HasSubstr("top_left"));
  EXPECT_THAT(refusal(with("auto_padding: {border_mode: wrap}")).message(),
              HasSubstr("reflect_101"));
  EXPECT_THAT(refusal(with("auto_padding: {min_height: 64, pad_height_divisor: 32}")).message(),
              HasSubstr("one of them"));
}

TEST_F(TorchMembers, EarlyConfigurationsWithoutApplySigmoidGiveLogits) {
  std::string early = network();
  early.replace(early.find("apply_sigmoid: false, "), 22, "");
  EXPECT_TRUE(parse_deeplabcut3_config(early, "x").heads.front().apply_sigmoid);
  EXPECT_FALSE(parse_deeplabcut3_config(network(), "x").heads.front().apply_sigmoid);
}

constexpr const char* kLightning =
    "data:\n  image_resize_dims: {height: 128, width: 256}\n  num_keypoints: 2\n"
    "  keypoint_names: [nose, tail]\n  downsample_factor: 2\n"
    "model: {backbone: resnet50_animal_ap10k, model_type: heatmap}\n";

TEST_F(TorchMembers, LightningPoseFolderIsOpenedAtItsHighestVersion) {
  const fs::path model = folder_.path() / "model";
  put(model / "config.yaml", kLightning);
  const fs::path logs = model / "tb_logs/arena";
  put(logs / "version_0/checkpoints/epoch=9-step=90-best.ckpt", "");
  put(logs / "version_1/checkpoints/epoch=5-step=50-best.ckpt", "");
  put(logs / "version_1/checkpoints/epoch=9-step=90.ckpt", "");
  const Member member = open_member(model);
  EXPECT_EQ(member.snapshot.name, "epoch=5-step=50-best");
  EXPECT_EQ(member.name, "model");
  EXPECT_EQ(member.scorer, "heatmap_tracker");
  EXPECT_THAT(member.bodyparts, ElementsAre("nose", "tail"));
  EXPECT_EQ(member.torch->resized_width, 256);
  EXPECT_EQ(member.torch->heads.front().map_layers.size(), 2U);
  EXPECT_EQ(open_member(logs / "version_0/checkpoints/epoch=9-step=90-best.ckpt").torch->depth, 50);
  // Sub-folders of a folder of models are members.
  EXPECT_THAT(expand_members(folder_.path()).paths, ::testing::Contains(model));
}

TEST_F(TorchMembers, LightningPoseNetworksThatCannotBeRunAreNamed) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = kLightning;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_THAT(lightning_refusal(with("heatmap}", "heatmap_mhcrnn}")).message(),
              HasSubstr("type 'heatmap_mhcrnn'"));
  EXPECT_THAT(lightning_refusal(with("resnet50_animal_ap10k", "vits_dino")).message(),
              HasSubstr("backbone vits_dino"));
  EXPECT_THAT(lightning_refusal(with("num_keypoints: 2", "num_keypoints: 3")).message(),
              HasSubstr("'num_keypoints' is 3"));
  EXPECT_THAT(lightning_refusal(with("height: 128", "height: 100")).message(),
              HasSubstr("multiples of 32"));
  EXPECT_THAT(lightning_refusal(with("factor: 2", "factor: 4")).message(), HasSubstr("1, 2 or 3"));
}

TEST_F(TorchMembers, LightningPoseReferencesWithinTheFileAreFollowed) {
  put(folder_.path() / "lp.yaml",
      "data:\n  side: 128\n  image_resize_dims: {height: '${..side}', width: 256}\n"
      "  names: [nose, tail]\n  keypoint_names: ${data.names}\n  num_keypoints: ${.count}\n"
      "  count: ${two}\n  csv_file: ${oc.env:LABELS}/labels.csv\n"
      "model: {backbone: 'resnet${cut.depth}', model_type: heatmap}\n"
      "cut: {depth: '${sizes[1]}'}\nsizes: [18, 50]\ntwo: 2\n");
  const TorchConfig config = read_lightning_config(folder_.path() / "lp.yaml");
  EXPECT_EQ(config.resized_height, 128);
  EXPECT_EQ(config.depth, 50);
  EXPECT_THAT(config.bodyparts(), ElementsAre("nose", "tail"));
}

TEST_F(TorchMembers, LightningPoseReferencesThatLeadNowhereAreNamedWhereTheyMatter) {
  const auto with = [](const std::string& count) {
    std::string text = kLightning;
    return text.replace(text.find("num_keypoints: 2"), 16, "num_keypoints: " + count);
  };
  const Error asked = lightning_refusal(with("${oc.env:COUNT}"));
  EXPECT_EQ(asked.kind(), ErrorKind::unsupported);
  EXPECT_THAT(asked.message(), HasSubstr("'data.num_keypoints' is ${oc.env:COUNT}"));
  EXPECT_THAT(lightning_refusal(with("${data.nothing}")).message(), HasSubstr("${data.nothing}"));
  EXPECT_THAT(lightning_refusal(with("${data.num_keypoints}")).message(), HasSubstr("line 3"));
  // Each level doubles what it names: no more is copied than a file may hold.
  std::string doubling = "l0: [a, a]\n";
  for (int i = 1; i < 60; ++i) {
    doubling += "l" + std::to_string(i) + ": ['${l" + std::to_string(i - 1) + "}', '${l" +
                std::to_string(i - 1) + "}']\n";
  }
  EXPECT_THAT(lightning_refusal(doubling + with("${l59}")).message(), HasSubstr("num_keypoints"));
}

TEST_F(TorchMembers, LightningPoseFolderWithoutACheckpointSaysSo) {
  const fs::path model = folder_.path() / "model";
  put(model / "config.yaml", kLightning);
  fs::create_directories(model / "tb_logs/arena/version_0/checkpoints");
  EXPECT_THAT(error_of([&] { open_member(model); }).message(), HasSubstr("has no checkpoint"));
}

constexpr const char* kEnsemble =
    "members:\n- id: seed0\n- id: 2026/seed1\nview_names: []\nsmooth_param: 1000.0\n"
    "quantile_keep_pca: 50.0\ncreation_datetime: '2026-11-28T10:00:00'\n";

TEST_F(TorchMembers, AnEnsembleOfLightningPosesAppGivesItsModels) {
  const fs::path models = folder_.path() / "models";
  for (const char* name : {"seed0", "2026/seed1", "seed2"}) {
    put(models / name / "config.yaml", kLightning);
    put(models / name / "tb_logs/m/version_0/checkpoints/epoch=9-step=90.ckpt", "");
  }
  // Directly in the folder of all models, and below another folder of it.
  for (const char* name : {"eks", "2026/eks"}) {
    put(models / name / "ensemble.yaml", kEnsemble);
    for (const fs::path& named : {models / name, models / name / "ensemble.yaml"}) {
      EXPECT_THAT(expand_members(named).paths,
                  ElementsAre(models / "seed0", models / "2026/seed1"));
    }
  }
  EXPECT_THAT(expand_members(models).paths, ElementsAre(models / "seed0", models / "seed2"));
}

TEST_F(TorchMembers, AnEnsembleThatNamesAbsentModelsOrNoneSaysSo) {
  const fs::path eks = folder_.path() / "eks";
  put(eks / "ensemble.yaml", kEnsemble);
  const Error absent = error_of([&] { expand_members(eks); });
  EXPECT_EQ(absent.kind(), ErrorKind::not_found);
  EXPECT_THAT(absent.message(), HasSubstr("'seed0', which is not there"));
  put(eks / "ensemble.yaml", "members: []\n");
  const Error none = error_of([&] { expand_members(eks); });
  EXPECT_EQ(none.kind(), ErrorKind::bad_file);
  EXPECT_THAT(none.message(), HasSubstr("no 'members'"));
}

TEST_F(TorchMembers, ScorerJoinsTheNetworksCapitalisedParts) {
  EXPECT_EQ(dlc3_scorer("top_down_hrnet_w32", "arenaNov28", 3, "best-140"),
            "DLC_TopDownHrnetW32_arenaNov28shuffle3_snapshot_best-140");
}

TEST_F(TorchMembers, DeepLabCutSeeksItsTablesByTheBestSnapshot) {
  add_torch(1, "snapshot-200.pt");
  add_torch(1, "snapshot-best-140.pt");
  add_torch(1, "snapshot-050.pt");
  MemberOptions options;
  options.snapshot = "snapshot-050";  // chosen here; DeepLabCut does not know
  const Member member = open_member(project_, options);
  EXPECT_EQ(member.scorer, "DLC_Resnet50_arenaNov28shuffle1_snapshot_50");
  EXPECT_EQ(scorer_sought_by_deeplabcut(member),
            "DLC_Resnet50_arenaNov28shuffle1_snapshot_best-140");
  EXPECT_TRUE(is_in_pytorch_project(member));
  EXPECT_FALSE(is_in_pytorch_project(Member()));
}

}  // namespace
}  // namespace posse
