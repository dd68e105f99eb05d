#include "project/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class ConfigTest : public ::testing::Test {
 protected:
  fs::path put(const std::string& text, const std::string& name = "config.yaml") const {
    fs::path file = folder_.path() / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  ProjectConfig project(const std::string& more) const {
    return read_project_config(put("Task: Reach\ndate: Aug30\nTrainingFraction: [0.95]\n" + more));
  }
  PoseConfig pose(const std::string& text) const {
    return read_pose_config(put(text, "pose_cfg.yaml"));
  }
  TemporaryFolder folder_;
};

TEST_F(ConfigTest, AProjectIsReadWhateverOrderAndStyle) {
  const ProjectConfig config = project(
      "scorer: Reese's PB\niteration: 29\nbodyparts: [Hand, Butt/Proximal Tail, 1, yes]\nskeleton: "
      "[[Hand, yes]]\n"
      "snapshotindex: 2\nbatch_size: 4\ncropping: true\nx1: 0\nx2: 640\ny1: 277\ny2: 624\npcutoff: "
      "0.4\n"
      "corner2move2: !!python/tuple\n- 50\n- 50\nmultianimalproject:\n");
  EXPECT_EQ(config.task, "Reach");
  EXPECT_EQ(config.scorer, "Reese's PB");
  EXPECT_EQ(config.iteration, 29);
  EXPECT_THAT(config.bodyparts, ElementsAre("Hand", "Butt/Proximal Tail", "1", "yes"));
  EXPECT_THAT(config.skeleton, ElementsAre(Pair("Hand", "yes")));
  EXPECT_EQ(config.snapshot_index, 2);
  EXPECT_EQ(config.batch_size, 4);
  EXPECT_EQ(config.cropping, (CropBox{0, 640, 277, 624}));
  EXPECT_EQ(config.pcutoff, 0.4);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(ConfigTest, AbsentAndEmptyKeysHaveDefaults) {
  const ProjectConfig config =
      project("bodyparts:\nvideo_sets:\nskeleton:\nsnapshotindex: all\ncropping:\n");
  EXPECT_THAT(config.bodyparts, IsEmpty());
  EXPECT_THAT(config.video_sets, IsEmpty());
  EXPECT_EQ(config.snapshot_index, std::nullopt);
  EXPECT_EQ(config.batch_size, std::nullopt);
  EXPECT_EQ(config.cropping, std::nullopt);
}

TEST_F(ConfigTest, VideosAreSoughtInThisCopyOfTheProject) {
  const ProjectConfig config = project(
      "project_path: /home/a/Reach\nvideo_sets:\n  /home/a/Reach/videos/v1.avi:\n    crop: 0, 640, "
      "10, 480\n"
      "  videos/v2.avi: {crop: nonsense}\n  /elsewhere/v3.avi:\n");
  ASSERT_THAT(config.video_sets, SizeIs(3));
  EXPECT_EQ(config.video_sets[0].path, folder_.path() / "videos/v1.avi");
  EXPECT_EQ(config.video_sets[0].crop, (CropBox{0, 640, 10, 480}));
  EXPECT_EQ(config.video_sets[1].path, folder_.path() / "videos/v2.avi");
  EXPECT_EQ(config.video_sets[1].crop, std::nullopt);
  EXPECT_EQ(config.video_sets[2].path, "/elsewhere/v3.avi");
}

TEST_F(ConfigTest, SkeletonLinesWithoutBodypartsAreLeftOut) {
  const ProjectConfig config =
      project("bodyparts: [a, b]\nskeleton:\n- [a, b]\n- [bodypart1, b]\n- a\n");
  EXPECT_THAT(config.skeleton, ElementsAre(Pair("a", "b")));
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("2 of 3 lines")));
}

TEST_F(ConfigTest, RepeatedKeysAreReported) {
  const ProjectConfig config = project("batch_size: 1\nbatch_size: 2\n");
  EXPECT_EQ(config.batch_size, 2);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("'batch_size' comes several times")));
}

struct BadConfig {
  std::string what;
  std::string text;  // behind Task, date and TrainingFraction
  ErrorKind kind;
  std::string message;
};
void PrintTo(const BadConfig& bad, std::ostream* out) { *out << bad.what; }

class BadConfigTest : public ConfigTest, public ::testing::WithParamInterface<BadConfig> {};

TEST_P(BadConfigTest, IsNamed) {
  const Error error = error_of([&] { project(GetParam().text); });
  EXPECT_EQ(error.kind(), GetParam().kind);
  EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
  EXPECT_THAT(error.message(), HasSubstr("config.yaml"));
}

INSTANTIATE_TEST_SUITE_P(
    Config, BadConfigTest,
    ::testing::Values(
        BadConfig{"DuplicateBodypart", "bodyparts:\n- a\n- b\n- a\n", ErrorKind::bad_file,
                  "line 7: 'bodyparts' lists 'a' twice"},
        BadConfig{"NamelessBodypart", "bodyparts: [a, '']\n", ErrorKind::bad_file,
                  "expected a name"},
        BadConfig{"NullBodypart", "bodyparts: [a, ~]\n", ErrorKind::bad_file,
                  "an entry that is empty"},
        BadConfig{"ListAsBodypart", "bodyparts: [[a]]\n", ErrorKind::bad_file,
                  "a list of 1, expected a name"},
        BadConfig{"ControlCharacter", "bodyparts: [\"a\\tb\"]\n", ErrorKind::bad_file,
                  "control characters"},
        BadConfig{"BodypartsNoList", "bodyparts: a\n", ErrorKind::bad_file,
                  "'bodyparts' is 'a', expected a list"},
        BadConfig{"NotUtf8", "bodyparts:\n- m\xe4use\n", ErrorKind::bad_file,
                  "line 5: is not UTF-8"},
        BadConfig{"MultiAnimal", "multianimalproject: true\n", ErrorKind::unsupported,
                  "multi-animal"},
        BadConfig{"MultiBodyparts", "bodyparts: MULTI!\n", ErrorKind::unsupported, "multi-animal"},
        BadConfig{"IterationText", "iteration: one\n", ErrorKind::bad_file,
                  "line 4: 'iteration' is 'one', expected a whole number"},
        BadConfig{"IterationHuge", "iteration: 1e300\n", ErrorKind::bad_file,
                  "expected a whole number"},
        BadConfig{"OutputsZero", "num_outputs: 0\n", ErrorKind::bad_file, "expected 1 or more"},
        BadConfig{"TruthValue", "cropping: maybe\n", ErrorKind::bad_file, "expected true or false"},
        BadConfig{"SlashInTask", "Task: ../x\n", ErrorKind::bad_file, "'Task' is '../x'"},
        BadConfig{"FractionOutside", "TrainingFraction: [95]\n", ErrorKind::bad_file,
                  "numbers in 0 to 1: 0.95 for 95 %"},
        BadConfig{"NoFractions", "TrainingFraction: []\n", ErrorKind::bad_file,
                  "has no 'TrainingFraction'"}),
    [](const auto& test) { return test.param.what; });

// Verbs that cut no frames have no need of the box.
TEST_F(ConfigTest, ABoxThatCannotBeUsedIsToldWhereItIsNeeded) {
  for (const char* box : {"x1: 5\nx2: 5\ny1: 0\ny2: 9\n", "x1: 640\nx2: 0\ny1: 0\ny2: 9\n",
                          "x1: -1\nx2: 5\ny1: 0\ny2: 9\n", "x1: left\n", ""}) {
    const ProjectConfig config = project("cropping: true\n" + std::string(box));
    EXPECT_EQ(config.cropping, std::nullopt) << box;
    EXPECT_THAT(config.cropping_problem, HasSubstr("config.yaml")) << box;
    EXPECT_THAT(project("cropping: false\n" + std::string(box)).cropping_problem, IsEmpty());
  }
  EXPECT_THAT(project("cropping: true\nx1: 640\nx2: 0\ny1: 277\ny2: 624\n").cropping_problem,
              HasSubstr("columns 640 to 0 and rows 277 to 624"));
}

TEST_F(ConfigTest, WithoutTaskIsNoProject) {
  EXPECT_THAT(error_of([&] { read_project_config(put("date: Aug30\n")); }).message(),
              HasSubstr("has no 'Task'"));
  EXPECT_THAT(error_of([&] { read_project_config(put("- a\n- b\n")); }).message(),
              HasSubstr("holds a list of 2, expected keys with values"));
  EXPECT_THAT(error_of([&] { read_project_config(put("")); }).message(), HasSubstr("has 0 bytes"));
  EXPECT_THAT(error_of([&] { read_project_config(put("# nothing\n")); }).message(),
              HasSubstr("nothing but comments"));
}

TEST_F(ConfigTest, ValuesThatNothingDependsOnAreWarnedOf) {
  const ProjectConfig config = read_project_config(
      put("Task: T\ndate: Aug30\nTrainingFraction: [0.95]\nbodyparts: [a]\npcutoff: 0,4\n"
          "dotsize: big\nalphavalue: []\ncolormap: [jet]\nskeleton_color: {}\nbatch_size: 0\n"
          "project_path: !!python/object/apply:pathlib.WindowsPath\n- C:\\\n- Users\n"));
  EXPECT_EQ(config.pcutoff, ProjectConfig().pcutoff);
  EXPECT_EQ(config.batch_size, kUsualBatchSize);
  EXPECT_EQ(config.project_path, "");
  EXPECT_THAT(config.warnings, SizeIs(7));
  EXPECT_THAT(config.warnings, ::testing::Contains(HasSubstr(
                                   "line 5: 'pcutoff' is '0,4', expected a number; 0.1 is taken")));
}

TEST_F(ConfigTest, LightningPoseIsNamed) {
  const Error error =
      error_of([&] { read_project_config(put("data:\n  num_keypoints: 17\nmodel: {}\n")); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("Lightning Pose"));
}

TEST_F(ConfigTest, APoseConfigurationHasDeepLabCutsDefaults) {
  const PoseConfig config = pose("net_type: resnet_50\n");
  EXPECT_EQ(config.net_type, "resnet_50");
  EXPECT_EQ(config.stride, 8);
  EXPECT_EQ(config.output_stride, 16);
  EXPECT_EQ(config.deconvolution_stride, 2);
  EXPECT_THAT(config.mean_pixel, ElementsAre(123.68F, 116.779F, 103.939F));
  EXPECT_EQ(config.location_refinement, false);
  EXPECT_EQ(config.locref_stdev, 7.2801);
  EXPECT_EQ(config.num_joints, std::nullopt);
}

TEST_F(ConfigTest, APoseConfigurationsValuesAreRead) {
  const PoseConfig config = pose(
      "all_joints: [[0], [1]]\nall_joints_names: [a, b]\nnum_joints: 2\nnet_type: "
      "mobilenet_v2_0.35\nstride: 8.0\n"
      "output_stride: 8\ndeconvolutionstride: 1\nmean_pixel: [1, 2.5, 3]\nlocation_refinement: "
      "True\n"
      "locref_stdev: 5\nbatch_size: 3\n");
  EXPECT_THAT(config.all_joints_names, ElementsAre("a", "b"));
  EXPECT_EQ(config.num_joints, 2);
  EXPECT_EQ(config.output_stride, 8);
  EXPECT_EQ(config.deconvolution_stride, 1);
  EXPECT_THAT(config.mean_pixel, ElementsAre(1, 2.5F, 3));
  EXPECT_EQ(config.location_refinement, true);
  EXPECT_EQ(config.locref_stdev, 5);
}

TEST_F(ConfigTest, OtherKindsOfNetworksAreRefused) {
  EXPECT_EQ(error_of([&] { pose("dataset_type: multi-animal-imgaug\n"); }).kind(),
            ErrorKind::unsupported);
  EXPECT_EQ(error_of([&] { pose("multi_stage: true\n"); }).kind(), ErrorKind::unsupported);
  EXPECT_EQ(error_of([&] { pose("stride: 4\n"); }).kind(), ErrorKind::unsupported);
  EXPECT_THAT(error_of([&] { pose("num_joints: 3\nall_joints_names: [a, b]\n"); }).message(),
              HasSubstr("'num_joints' is 3, but 'all_joints_names' has 2 names"));
  EXPECT_THAT(error_of([&] { pose("mean_pixel: [1, 2]\n"); }).message(),
              HasSubstr("three numbers"));
  EXPECT_THAT(error_of([&] { pose("locref_stdev: -1\n"); }).message(), HasSubstr("more than 0"));
}

// int(f * 100) of Python, from its own answers.
TEST(TrainingPercent, IsTruncatedAsPythonDoes) {
  EXPECT_EQ(training_percent(0.57), 56);
  EXPECT_EQ(training_percent(0.29), 28);
  EXPECT_EQ(training_percent(0.95), 95);
  EXPECT_EQ(training_percent(0.5), 50);
  EXPECT_EQ(training_percent(1.0), 100);
}

// Names of published result files.
TEST(DlcScorer, IsWhatDeepLabCutWrites) {
  EXPECT_EQ(dlc_scorer("resnet_50", "ReachingAug30", 1, "200000"),
            "DLC_resnet50_ReachingAug30shuffle1_200000");
  EXPECT_EQ(dlc_scorer("resnet_101", "T", 2, "5"), "DLC_resnet101_Tshuffle2_5");
  EXPECT_EQ(dlc_scorer("mobilenet_v2_0.35", "T", 1, "5"), "DLC_mobnet_35_Tshuffle1_5");
  EXPECT_EQ(dlc_scorer("mobilenet_v2_1.0", "T", 1, "5"), "DLC_mobnet_100_Tshuffle1_5");
  EXPECT_EQ(dlc_scorer("mobilenet_v2_1e300", "T", 1, "5"), "DLC_mobnet_100_Tshuffle1_5");
  EXPECT_EQ(dlc_scorer("efficientnet-b3", "T", 1, "5"), "DLC_effnet_b3_Tshuffle1_5");
  EXPECT_EQ(dlc_scorer("efficientnet_b0", "T", 1, "5"), "DLC_effnet_b0_Tshuffle1_5");
}

TEST(RealConfigs, OfEveryAgeAreRead) {
  POSSE_SHARED_OR_SKIP(shared, "reaching/project");
  int num_read = 0;
  for (const auto& entry : fs::directory_iterator(shared)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("config")) continue;
    const ProjectConfig config = read_project_config(entry.path());
    EXPECT_EQ(config.task + config.date, "ReachingAug30") << name;
    EXPECT_THAT(config.bodyparts.size(), ::testing::AnyOf(4, 5)) << name;
    EXPECT_THAT(config.training_fractions, ElementsAre(0.95)) << name;
    ++num_read;
  }
  EXPECT_EQ(num_read, 8);
}

TEST(RealConfigs, WithWindowsPathsAndOddNamesAreRead) {
  POSSE_SHARED_OR_SKIP(shared, "dlc-snapshot-indexes");
  const ProjectConfig cottontail = read_project_config(shared / "dlc-cottontail/config.yaml");
  EXPECT_EQ(cottontail.task, "Cotton Tail");
  EXPECT_EQ(cottontail.scorer, "Reese's PB");
  EXPECT_THAT(cottontail.bodyparts, SizeIs(11));
  EXPECT_THAT(cottontail.warnings, ElementsAre(HasSubstr("skeleton: 2 of 2")));
  const ProjectConfig juggling = read_project_config(
      shared / "dlc-juggling-4cam/DLC_Models/PinkGreenRedJugglingBalls-JSM-2021-05-31/config.yaml");
  EXPECT_THAT(juggling.video_sets, SizeIs(::testing::Ge(7)));
  EXPECT_EQ(juggling.video_sets[0].crop, (CropBox{0, 480, 0, 640}));
  const PoseConfig davinci = read_pose_config(shared / "dlc-davinci/pose_cfg.yaml");
  EXPECT_EQ(davinci.num_joints, 14);
  EXPECT_EQ(davinci.location_refinement, true);
}

TEST(RealConfigs, OfLightningPoseAreNamed) {
  POSSE_SHARED_OR_SKIP(file, "mirror-mouse/project/config_mirror-mouse-example.yaml");
  EXPECT_EQ(error_of([&] { read_project_config(file); }).kind(), ErrorKind::unsupported);
}

}  // namespace
}  // namespace posse
