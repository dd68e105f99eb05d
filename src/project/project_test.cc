#include "project/project.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Folders as DeepLabCut and DeepGraphPose leave them, with empty files for snapshots: nothing here
/// looks into those.
class ProjectTest : public ::testing::Test {
 protected:
  static void put(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  static void add_snapshot(const fs::path& folder, const std::string& name) {
    put(folder / (name + ".index"), "");
    put(folder / (name + ".data-00000-of-00001"), "");
  }
  static void add_config(const fs::path& project, const std::string& more = "bodyparts: [a, b]\n") {
    put(project / "config.yaml",
        "Task: Reach\ndate: Aug30\nscorer: M\nTrainingFraction: [0.95, 0.5]\niteration: 0\n"
        "project_path: /somewhere/else/long/ago\n" +
            more);
  }
  static std::string pose_text(const std::string& names = "[a, b]") {
    return "net_type: resnet_50\nall_joints_names: " + names +
           "\nnum_joints: 2\nlocation_refinement: true\n";
  }
  /// Adds a training folder with a snapshot; returns its train folder.
  static fs::path add_model(
      const fs::path& project, const std::string& snapshot = "snapshot-1000",
      const std::string& model = "iteration-0/ReachAug30-trainset95shuffle1") {
    const fs::path folder = project / "dlc-models" / model;
    put(folder / "train/pose_cfg.yaml", pose_text() + "output_stride: 8\n");
    put(folder / "test/pose_cfg.yaml", pose_text());
    add_snapshot(folder / "train", snapshot);
    return folder / "train";
  }
  fs::path make_project(const std::string& name = "Reach-M-2018-08-30") const {
    fs::path project = folder_.path() / name;
    add_config(project);
    add_model(project);
    return project;
  }

  TemporaryFolder folder_;
};

TEST_F(ProjectTest, AProjectFolderIsAMember) {
  const fs::path project = make_project();
  const Member member = open_member(project);
  EXPECT_EQ(member.name, "Reach-M-2018-08-30");
  EXPECT_EQ(member.project_folder, project);
  EXPECT_EQ(member.snapshot.name, "snapshot-1000");
  EXPECT_TRUE(member.snapshot.has_data);
  EXPECT_EQ(member.snapshot.prefix,
            project / "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/train/snapshot-1000");
  EXPECT_EQ(member.scorer, "DLC_resnet50_ReachAug30shuffle1_1000");
  EXPECT_THAT(member.bodyparts, ElementsAre("a", "b"));
  EXPECT_EQ(member.training_fraction, 0.95);
  ASSERT_TRUE(member.model_folder.has_value());
  EXPECT_EQ(member.model_folder->shuffle, 1);
  EXPECT_THAT(member.warnings, IsEmpty());
  EXPECT_THAT(member.reasons, Contains(HasSubstr("snapshot snapshot-1000: the only one")));
}

TEST_F(ProjectTest, NothingIsWrittenToAMembersFolder) {
  const fs::path project = make_project();
  const auto state = [&] {
    std::map<fs::path, std::pair<fs::file_time_type, uintmax_t>> files;
    for (const auto& entry : fs::recursive_directory_iterator(project)) {
      files[entry.path()] = {entry.last_write_time(),
                             entry.is_regular_file() ? entry.file_size() : 0};
    }
    return files;
  };
  const auto before = state();
  open_member(project);
  EXPECT_EQ(state(), before);
}

// TensorFlow's own list of recent snapshots holds paths of the machine that trained.
TEST_F(ProjectTest, TheFileCheckpointIsNotRead) {
  const fs::path project = make_project();
  const fs::path train = open_member(project).snapshot.prefix.parent_path();
  for (const std::string& text :
       {std::string("model_checkpoint_path: \"/data/a/snapshot-9\"\n"), std::string("\0\xff", 2)}) {
    put(train / "checkpoint", text);
    const Member member = open_member(project);
    EXPECT_EQ(member.snapshot.name, "snapshot-1000");
    EXPECT_THAT(member.snapshots, SizeIs(1));
    EXPECT_THAT(member.warnings, IsEmpty());
  }
}

TEST_F(ProjectTest, AFolderWithANameThatIsNotUtf8IsAMember) {
  const fs::path project = make_project("M\xe4use-1");
  const Member member = open_member(project);
  EXPECT_EQ(member.project_folder, project);
  EXPECT_EQ(member.snapshot.name, "snapshot-1000");
  const Error error = error_of([&] { open_member(project, {.snapshot = "snapshot-7"}); });
  EXPECT_TRUE(is_valid_utf8(error.what())) << error.what();
}

TEST_F(ProjectTest, EveryWayToNameASnapshotGivesTheSameOne) {
  const fs::path project = make_project();
  const Member whole = open_member(project);
  const fs::path train = whole.snapshot.prefix.parent_path();
  for (const fs::path& path :
       {project / "config.yaml", train, train / "", train.parent_path(), train / "snapshot-1000",
        train / "snapshot-1000.index", train / "snapshot-1000.data-00000-of-00001",
        train / "pose_cfg.yaml", project / "dlc-models" / ".."}) {
    const Member member = open_member(path);
    EXPECT_EQ(member.snapshot.prefix, whole.snapshot.prefix) << path;
    EXPECT_EQ(member.scorer, whole.scorer) << path;
    EXPECT_EQ(member.name, whole.name) << path;
    EXPECT_TRUE(member.config.has_value()) << path;
  }
}

TEST_F(ProjectTest, DeepGraphPoseReadsTheTrainingSettingsAndDeepLabCutThoseForTesting) {
  const fs::path project = make_project();
  EXPECT_EQ(open_member(project).pose.output_stride, 16);
  add_snapshot(project / "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/train",
               "snapshot-step2-final--0");
  const Member member = open_member(project);
  EXPECT_EQ(member.snapshot.name, "snapshot-step2-final--0");
  EXPECT_EQ(member.snapshot.parsed.kind, SnapshotKind::dgp);
  EXPECT_EQ(member.pose.output_stride, 8);
  EXPECT_EQ(member.scorer, "snapshot-step2-final--0");
  EXPECT_THAT(member.reasons,
              Contains(HasSubstr("DeepGraphPose's, which come after DeepLabCut's")));
  EXPECT_EQ(open_member(project, {.snapshot = "snapshot-1000"}).snapshot.parsed.kind,
            SnapshotKind::dlc);
}

TEST_F(ProjectTest, DeepLabCutFallsBackToTheTrainingSettings) {
  const fs::path project = make_project();
  fs::remove_all(project / "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/test");
  const Member member = open_member(project);
  EXPECT_EQ(member.pose.output_stride, 8);
  EXPECT_THAT(member.reasons, Contains(HasSubstr("the other one is missing")));
}

TEST_F(ProjectTest, ShufflesFractionsAndIterationsAreChosen) {
  const fs::path project = make_project();
  add_model(project, "snapshot-2", "iteration-0/ReachAug30-trainset95shuffle2");
  add_model(project, "snapshot-3", "iteration-0/ReachAug30-trainset50shuffle1");
  add_model(project, "snapshot-4", "iteration-1/ReachAug30-trainset95shuffle1");
  EXPECT_EQ(open_member(project).snapshot.name, "snapshot-1000");
  EXPECT_EQ(open_member(project, {.shuffle = 2}).snapshot.name, "snapshot-2");
  EXPECT_EQ(open_member(project, {.training_set_index = 1}).snapshot.name, "snapshot-3");
  EXPECT_EQ(open_member(project, {.iteration = 1}).snapshot.name, "snapshot-4");
  EXPECT_THAT(open_member(project).model_folders, SizeIs(4));
  const Error error = error_of([&] { open_member(project, {.shuffle = 7}); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.message(), HasSubstr("no training folder of shuffle 7"));
  EXPECT_THAT(error.notes().have, HasSubstr("trainset95shuffle2 (1 snapshots)"));
  EXPECT_EQ(error_of([&] { open_member(project, {.training_set_index = 2}); }).kind(),
            ErrorKind::not_found);
  EXPECT_THAT(error_of([&] { open_member(project, {.iteration = 5}); }).message(),
              HasSubstr("no training folder of iteration 5"));
}

TEST_F(ProjectTest, TheOnlyTrainingFolderIsTakenWhateverItsShuffle) {
  const fs::path project = folder_.path() / "p";
  add_config(project);
  add_model(project, "snapshot-9", "iteration-0/ReachAug30-trainset50shuffle3");
  const Member member = open_member(project);
  EXPECT_EQ(member.model_folder->shuffle, 3);
  EXPECT_EQ(member.training_fraction, 0.5);
  EXPECT_THAT(member.reasons, Contains(HasSubstr("the only training folder that fits")));
  add_model(project, "snapshot-9", "iteration-0/ReachAug30-trainset50shuffle4");
  EXPECT_THAT(error_of([&] { open_member(project); }).notes().hint, HasSubstr("--shuffle"));
}

TEST_F(ProjectTest, ARenamedTaskIsReported) {
  const fs::path project = folder_.path() / "p";
  add_config(project);
  add_model(project, "snapshot-9", "iteration-0/OtherJan1-trainset95shuffle1");
  const Member member = open_member(project);
  EXPECT_THAT(member.warnings,
              ElementsAre(HasSubstr("no training folder is named 'ReachAug30...'")));
  EXPECT_EQ(member.scorer, "DLC_resnet50_OtherJan1shuffle1_9");
}

TEST_F(ProjectTest, AModelprefixIsFound) {
  const fs::path project = folder_.path() / "p";
  add_config(project);
  add_model(project / "prefixA");
  EXPECT_THAT(open_member(project).reasons, Contains(HasSubstr("modelprefix")));
  EXPECT_EQ(open_member(project / "prefixA").project_folder, project);
  EXPECT_EQ(open_member(project / "prefixA/dlc-models/iteration-0/ReachAug30-trainset95shuffle1")
                .project_folder,
            project);
  add_model(project / "prefixB");
  const Error error = error_of([&] { open_member(project); });
  EXPECT_EQ(error.notes().have, "prefixA, prefixB");
  add_model(project);
  EXPECT_EQ(open_member(project).model_folder->path.parent_path().parent_path(),
            project / "dlc-models");
}

TEST_F(ProjectTest, AnUntrainedProjectSaysSo) {
  const fs::path project = folder_.path() / "p";
  add_config(project);
  EXPECT_THAT(error_of([&] { open_member(project); }).message(), HasSubstr("no dlc-models folder"));
  fs::create_directories(project / "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/train");
  add_model(project, "snapshot-5", "iteration-0/ReachAug30-trainset95shuffle2");
  const Error error = error_of([&] { open_member(project); });
  EXPECT_THAT(error.message(), HasSubstr("has no snapshots"));
  EXPECT_THAT(error.notes().have, HasSubstr("shuffle2"));
}

TEST_F(ProjectTest, MultiAnimalProjectsAreRefused) {
  const fs::path project = make_project();
  add_config(project, "multianimalproject: true\nbodyparts: MULTI!\n");
  const Error error = error_of([&] { open_member(project); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("multi-animal"));
}

TEST_F(ProjectTest, BodypartsAreThoseTheNetworkWasTrainedWith) {
  const fs::path project = make_project();
  add_config(project, "bodyparts: [b, a]\n");
  const Member member = open_member(project);
  EXPECT_THAT(member.bodyparts, ElementsAre("a", "b"));
  EXPECT_THAT(member.warnings,
              ElementsAre(HasSubstr("trained with a, b; config.yaml now lists b, a")));
  add_config(project, "");
  EXPECT_THAT(open_member(project).warnings, ElementsAre(HasSubstr("lists no bodyparts")));
}

TEST_F(ProjectTest, AProjectWithoutAnyBodypartsIsABadFile) {
  const fs::path project = make_project();
  add_config(project, "bodyparts: []\n");
  put(project / "dlc-models/iteration-0/ReachAug30-trainset95shuffle1/test/pose_cfg.yaml",
      "net_type: resnet_50\n");
  const Error error = error_of([&] { open_member(project); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("config.yaml: lists no bodyparts"));
}

TEST_F(ProjectTest, ABareSnapshotHasNumberedBodyparts) {
  const fs::path train = folder_.path() / "somewhere";
  add_snapshot(train, "snapshot-7");
  const Member member = open_member(train / "snapshot-7");
  EXPECT_FALSE(member.config.has_value());
  EXPECT_EQ(member.name, "somewhere");
  EXPECT_EQ(member.scorer, "snapshot-7");
  EXPECT_EQ(member.pose.location_refinement, std::nullopt);
  EXPECT_THAT(member.bodyparts, IsEmpty());
  EXPECT_THAT(bodyparts_for(member, 3), ElementsAre("bodypart1", "bodypart2", "bodypart3"));
  EXPECT_THAT(member.warnings,
              ElementsAre(HasSubstr("no pose_cfg.yaml"), HasSubstr("will be numbered")));
}

TEST_F(ProjectTest, ABareTrainingFolderHasTheNamesOfItsSettings) {
  const fs::path copied = folder_.path() / "copied";
  add_snapshot(copied / "train", "snapshot-7");
  put(copied / "train/pose_cfg.yaml", pose_text("[x, y]"));
  for (const fs::path& path : {copied, copied / "train"}) {
    const Member member = open_member(path);
    EXPECT_THAT(member.bodyparts, ElementsAre("x", "y")) << path;
    EXPECT_EQ(member.name, "copied") << path;
  }
  const fs::path exported =
      folder_.path() / "exported-models/DLC_Reach_resnet_50_iteration-0_shuffle-1";
  add_snapshot(exported, "snapshot-7");
  put(exported / "pose_cfg.yaml", pose_text("[x, y]"));
  EXPECT_THAT(open_member(exported).bodyparts, ElementsAre("x", "y"));
  EXPECT_THAT(expand_members(folder_.path() / "exported-models").paths, ElementsAre(exported));
}

TEST_F(ProjectTest, ANumberOfChannelsThatDoesNotFitIsNamed) {
  const Member member = open_member(make_project());
  EXPECT_THAT(bodyparts_for(member, 2), ElementsAre("a", "b"));
  EXPECT_EQ(error_of([&] { bodyparts_for(member, 1); }).kind(), ErrorKind::shape_mismatch);
  const Error error = error_of([&] { bodyparts_for(member, 5); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("multi-animal"));
}

TEST_F(ProjectTest, AllSnapshotsGiveOneMemberEach) {
  const fs::path project = make_project();
  const fs::path train = open_member(project).snapshot.prefix.parent_path();
  add_snapshot(train, "snapshot-500");
  const auto members = open_members(project, {.snapshot = "all"});
  ASSERT_THAT(members, SizeIs(2));
  EXPECT_EQ(members[0].snapshot.name, "snapshot-500");
  EXPECT_EQ(members[0].name, "Reach-M-2018-08-30-snapshot-500");
  EXPECT_EQ(members[1].scorer, "DLC_resnet50_ReachAug30shuffle1_1000");
  EXPECT_EQ(error_of([&] { open_member(project, {.snapshot = "all"}); }).kind(), ErrorKind::usage);
}

TEST_F(ProjectTest, TheBestSnapshotIsTheEvaluatedOneWithTheLowestTestError) {
  const fs::path project = make_project();
  const fs::path train = open_member(project).snapshot.prefix.parent_path();
  add_snapshot(train, "snapshot-500");
  add_snapshot(train, "snapshot-700");
  EXPECT_EQ(error_of([&] { open_member(project, {.snapshot = "best"}); }).kind(),
            ErrorKind::not_found);
  put(project / "evaluation-results/iteration-0/CombinedEvaluation-results.csv",
      ",Training iterations:,%Training dataset,Shuffle number, Train error(px), Test "
      "error(px),p-cutoff used\n"
      "0,500,95,1,2.0,7.5,0.4\n0,700,95,1,2.0,5.25,0.4\n0,1000,95,1,1.0,6.0,0.4\n0,500,95,2,1,1,0."
      "4\nbroken,line\n");
  const Member member = open_member(project, {.snapshot = "best"});
  EXPECT_EQ(member.snapshot.name, "snapshot-700");
  EXPECT_THAT(member.reasons, Contains(HasSubstr("5.25 px")));
}

TEST_F(ProjectTest, AFolderOfMembersIsTakenInNaturalOrder) {
  const fs::path top = folder_.path() / "ensemble";
  for (const char* name : {"member-10", "member-2", "member-1"}) {
    add_config(top / name);
    add_model(top / name);
  }
  put(top / "videos/v.mp4", "");
  put(top / ".hidden/config.yaml", "");
  std::vector<std::string> names;
  for (const Member& member : find_members(std::vector<fs::path>{top}).members)
    names.push_back(member.name);
  EXPECT_THAT(names, ElementsAre("member-1", "member-2", "member-10"));
}

TEST_F(ProjectTest, MembersOfOneNameAreTold) {
  for (const char* name : {"mon/net", "tue/net"}) {
    add_config(folder_.path() / name);
    add_model(folder_.path() / name);
  }
  const auto members =
      find_members(std::vector<fs::path>{folder_.path() / "mon/net", folder_.path() / "tue/net"})
          .members;
  EXPECT_EQ(members[0].name, "mon-net");
  EXPECT_EQ(members[1].name, "tue-net");
}

TEST_F(ProjectTest, AMemberNamedTwiceIsAUsageError) {
  const fs::path project = make_project();
  const Error error = error_of([&] {
    find_members(std::vector<fs::path>{project, project / "config.yaml"});
  });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_THAT(error.message(), HasSubstr("named twice"));
  EXPECT_EQ(error_of([] { find_members({}); }).kind(), ErrorKind::usage);
}

TEST_F(ProjectTest, WhatIsNoMemberSaysWhatOneIs) {
  put(folder_.path() / "other/text.txt", "x");
  const Error error = error_of([&] { expand_members(folder_.path() / "other"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_THAT(error.notes().hint, HasSubstr("a member is a project folder"));
  EXPECT_THAT(error_of([&] { open_member(folder_.path() / "nowhere"); }).message(),
              HasSubstr("no such member"));
  put(folder_.path() / "text.txt", "x");
  EXPECT_THAT(error_of([&] { open_member(folder_.path() / "text.txt"); }).message(),
              HasSubstr("neither a folder"));
  put(folder_.path() / "n/dlc-models/x", "");
  EXPECT_THAT(error_of([&] { open_member(folder_.path() / "n"); }).message(),
              HasSubstr("but no config.yaml"));
}

TEST_F(ProjectTest, AMissingSnapshotListsThoseThereAre) {
  const fs::path project = make_project();
  const Error error = error_of([&] { open_member(project, {.snapshot = "snapshot-2000"}); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_EQ(error.notes().have, "snapshot-1000");
  const fs::path train = open_member(project).snapshot.prefix.parent_path();
  EXPECT_EQ(error_of([&] { open_member(train / "snapshot-2000"); }).notes().have, "snapshot-1000");
}

TEST(DemoProjects, AreFiveMembersInOrder) {
  const fs::path demo = testing::source_folder() / "data/demo";
  if (!fs::exists(demo)) GTEST_SKIP() << "no data/demo";
  const auto members = find_members(std::vector<fs::path>{demo}).members;
  ASSERT_THAT(members, SizeIs(5));
  for (size_t i = 0; i < 5; ++i) {
    const Member& member = members[i];
    EXPECT_EQ(member.name, fmt::format("member-{}", i + 1));
    EXPECT_EQ(member.scorer, "DLC_mobnet_35_openarenaNov22shuffle1_5000");
    EXPECT_THAT(member.bodyparts, ElementsAre("snout", "leftear", "rightear", "tailbase"));
    EXPECT_THAT(member.warnings, IsEmpty());
    EXPECT_TRUE(member.snapshot.has_data);
    EXPECT_THAT(member.config->skeleton, SizeIs(4));
  }
}

TEST(RealProjects, JugglingIsReadWithoutItsData) {
  POSSE_SHARED_OR_SKIP(shared, "dlc-snapshot-indexes/dlc-juggling-4cam/DLC_Models");
  const auto members = find_members(std::vector<fs::path>{shared}).members;
  ASSERT_THAT(members, SizeIs(1));
  EXPECT_EQ(members[0].snapshot.name, "snapshot-20000");
  EXPECT_FALSE(members[0].snapshot.has_data);
  EXPECT_THAT(members[0].snapshots, SizeIs(2));
  EXPECT_EQ(members[0].scorer, "DLC_resnet50_PinkGreenRedJugglingBallsMay31shuffle1_20000");
  EXPECT_THAT(members[0].warnings, IsEmpty());
}

TEST(RealProjects, IterationsAndFlatFoldersAreRead) {
  POSSE_SHARED_OR_SKIP(shared, "dlc-snapshot-indexes");
  const Member bsoid = open_member(shared / "dlc-bsoid-openfield");
  EXPECT_EQ(bsoid.model_folder->iteration, 29);
  EXPECT_EQ(bsoid.scorer, "DLC_resnet50_OpenFieldHighResApr8shuffle1_1030000");
  EXPECT_THAT(bsoid.bodyparts, Contains("Butt/Proximal Tail"));
  const Member cottontail = open_member(shared / "dlc-cottontail");
  EXPECT_EQ(cottontail.snapshot.name, "snapshot-200000");
  EXPECT_THAT(cottontail.snapshots, SizeIs(5));
  EXPECT_THAT(cottontail.bodyparts, SizeIs(11));
  const Member davinci = open_member(shared / "dlc-davinci");
  EXPECT_FALSE(davinci.config.has_value());
  EXPECT_THAT(davinci.bodyparts, SizeIs(14));
  const Member pretrained = open_member(shared / "dlc-pretrained-index/efficientnet-b0");
  EXPECT_EQ(pretrained.snapshot.name, "model.ckpt");
}

TEST(RealProjects, OfReachingIsNotTrained) {
  POSSE_SHARED_OR_SKIP(shared, "reaching/project");
  EXPECT_THAT(error_of([&] { open_member(shared); }).message(), HasSubstr("has no snapshots"));
}

TEST(ScorerSoughtByDeepLabCut, IsMadeOfWhatConfigYamlSaysNow) {
  Member member{.name = "m",
                .config = ProjectConfig{.task = "reach", .date = "Aug30", .snapshot_index = -1},
                .pose = {.net_type = "resnet_50"},
                .model_folder = ModelFolder{.task_and_date = "oldAug30", .shuffle = 2}};
  for (const char* name : {"snapshot-50", "snapshot-100", "snapshot-1030"})
    member.snapshots.push_back({.name = name, .parsed = parse_snapshot_name(name)});
  member.snapshot = member.snapshots.front();  // chosen by --snapshot; DeepLabCut does not know
  EXPECT_EQ(scorer_sought_by_deeplabcut(member), "DLC_resnet50_reachAug30shuffle2_1030");
  member.config->snapshot_index = 1;
  EXPECT_EQ(scorer_sought_by_deeplabcut(member), "DLC_resnet50_reachAug30shuffle2_100");
  member.config->snapshot_index = std::nullopt;  // "all"
  EXPECT_EQ(scorer_sought_by_deeplabcut(member), "DLC_resnet50_reachAug30shuffle2_1030");
  member.config->snapshot_index = 3;
  EXPECT_THROW(scorer_sought_by_deeplabcut(member), Error);
  member.config->snapshot_index = -1;
  const std::string dgp = "snapshot-step2-final--0";
  member.snapshots.push_back({.name = dgp, .parsed = parse_snapshot_name(dgp)});
  EXPECT_THROW(scorer_sought_by_deeplabcut(member), Error);
  EXPECT_THROW(scorer_sought_by_deeplabcut(Member{.name = "bare"}), Error);
}

}  // namespace
}  // namespace posse
