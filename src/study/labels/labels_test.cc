#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "results/table/table_reader.h"
#include "study/labels/label_set.h"
#include "study/labels/membership.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

template <class Function>
std::string text_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class Labels : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }
  const fs::path& root() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

const std::string kHead = "scorer,A,A,A,A\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n";

TEST_F(Labels, OfAProjectAreThoseOfAllItsFoldersWithTheirPictures) {
  write("p/labeled-data/b/CollectedData_A.csv", kHead + "labeled-data\\b\\img7.png,1,2,3,4\n");
  write("p/labeled-data/a/CollectedData_A.csv", kHead + "labeled-data/a/img12.png,5,6,,\n");
  write("p/labeled-data/a/img12.png", "a picture");
  const LabelSet set = read_label_set(root() / "p");
  ASSERT_EQ(set.pictures.size(), 2U);
  EXPECT_EQ(set.pictures[0].folder, "a");
  EXPECT_EQ(set.pictures[0].number, 12);
  EXPECT_EQ(set.pictures[0].file.filename(), "img12.png");
  EXPECT_EQ(set.pictures[1].name, "labeled-data/b/img7.png");  // as written on Windows
  EXPECT_TRUE(set.pictures[1].file.empty());
  EXPECT_EQ(set.at(0, 0).point.x, 5);
  EXPECT_TRUE(std::isnan(set.at(0, 1).point.x));
  EXPECT_EQ(set.at(1, 1).point.y, 4);
}

TEST_F(Labels, OfAFolderWithSeveralTablesAreTheProjectsScorers) {
  write("p/labeled-data/a/CollectedData_A.csv", kHead + "labeled-data/a/img1.png,1,2,3,4\n");
  write("p/labeled-data/a/CollectedData_A - Copy.csv", kHead + "labeled-data/a/img2.png,1,2,3,4\n");
  EXPECT_THAT(text_of([&] { read_label_set(root() / "p"); }), HasSubstr("2 tables of labels"));
  write("p/config.yaml", "Task: t\nscorer: A\n");
  const LabelSet set = read_label_set(root() / "p");
  ASSERT_EQ(set.pictures.size(), 1U);
  EXPECT_EQ(set.pictures[0].number, 1);
}

TEST_F(Labels, OfOnePictureInTwoRowsCountOnceAndHaveToBeEqual) {
  const std::string rows = kHead + "labeled-data/v/img1.png,1,2,3,4\n" +
                           "labeled-data/v/img1.png,1,2,3,4\nlabeled-data/v/img2.png,5,6,,\n";
  const LabelSet set = read_label_set(write("CollectedData_A.csv", rows));
  ASSERT_EQ(set.pictures.size(), 2U);
  EXPECT_EQ(set.labels.size(), 4U);
  EXPECT_EQ(set.pictures[1].number, 2);
  EXPECT_EQ(set.at(1, 0).point.x, 5);
  EXPECT_THAT(set.repeats, HasSubstr("1 row of pictures that are there already"));
  EXPECT_THAT(set.repeats, HasSubstr("img1.png"));
  const fs::path differing =
      write("CollectedData_B.csv", rows + "labeled-data/v/img2.png,5,6,7,8\n");
  EXPECT_THAT(text_of([&] { read_label_set(differing); }),
              HasSubstr("img2.png is labelled twice, with different places of tail"));
}

TEST_F(Labels, OfLightningPoseKeepWhatIsHidden) {
  write("CollectedData.csv",
        "scorer,L,L,L,L,L,L\nbodyparts,a,a,a,b,b,b\ncoords,x,y,visible,x,y,visible\n"
        "labeled-data/v/img1.png,1,2,2,3,4,1\nlabeled-data/v/img2.png,5,6,2,,,0\n");
  const LabelSet set = read_label_set(root());
  EXPECT_TRUE(set.at(0, 1).hidden);
  EXPECT_TRUE(std::isnan(set.at(0, 1).point.x));
  EXPECT_FALSE(set.at(1, 1).hidden);
  EXPECT_EQ(set.at(1, 0).point.x, 5);
}

TEST_F(Labels, ThatAreNotThereOrDifferAreErrors) {
  EXPECT_THAT(text_of([&] { read_label_set(root() / "none"); }), HasSubstr("no labels here"));
  EXPECT_THAT(text_of([&] { read_label_set(root()); }), HasSubstr("no CollectedData"));
  write("p/labeled-data/a/CollectedData_A.csv", kHead + "labeled-data/a/img1.png,1,2,3,4\n");
  write("p/labeled-data/b/CollectedData_A.csv",
        "scorer,A,A\nbodyparts,ear,ear\ncoords,x,y\nlabeled-data/b/img1.png,1,2\n");
  EXPECT_THAT(text_of([&] { read_label_set(root() / "p"); }), HasSubstr("bodyparts are not those"));
  write("q/labeled-data/a/CollectedData_A.csv", kHead + "labeled-data/a/img1.png,1,2,3,4\n");
  write("q/labeled-data/a/CollectedData_B.csv", kHead + "labeled-data/a/img1.png,1,2,3,4\n");
  EXPECT_THAT(text_of([&] { read_label_set(root() / "q"); }), HasSubstr("2 tables of labels"));
}

TEST(LabelNames, GiveKeyAndNumber) {
  EXPECT_EQ(picture_key("/far/away/labeled-data/v/img01.png"), "v/img01.png");
  EXPECT_EQ(picture_key("img01.png"), "img01.png");
  EXPECT_EQ(number_in_name("v/img0012.png"), 12);
  EXPECT_FALSE(number_in_name("v/frame.png").has_value());
}

TEST_F(Labels, ManifestsSayWhoWasTrainedOnWhat) {
  const std::vector<std::string> members = {"one", "two", "three"};
  const auto csv = write("m.csv",
                         "member,picture,use\none,labeled-data/v/img1.png,\n"
                         "one,labeled-data/v/img2.png,selected\ntwo,,\n");
  const std::vector<MemberTraining> training = training_from_manifest(csv, members);
  EXPECT_EQ(use_of(training[0], "v/img1.png"), PictureUse::trained);
  EXPECT_EQ(use_of(training[0], "v/img2.png"), PictureUse::selected_on);
  EXPECT_EQ(use_of(training[0], "v/img3.png"), PictureUse::unseen);
  EXPECT_TRUE(training[1].known);
  EXPECT_FALSE(training[2].known);
  const auto json = write("m.json", R"({"members": {"one": {"frames": ["v/img5.png"]}}})");
  EXPECT_EQ(use_of(training_from_manifest(json, members)[0], "v/img5.png"), PictureUse::trained);
}

TEST_F(Labels, ManifestsMayNameAFileOrAFrameAlone) {
  LabelSet labels;
  for (const char* name : {"labeled-data/v/img001.png", "labeled-data/v/img005.png",
                           "labeled-data/w/img005.png", "labeled-data/v/img000.png"})
    labels.pictures.push_back({.name = name, .file = {}, .folder = "", .number = {}});
  for (LabelledPicture& picture : labels.pictures) picture.number = number_in_name(picture.name);
  const std::vector<std::string> members = {"one"};
  const auto named = [&](const std::string& rows) {
    const auto csv = write("m.csv", "member,picture,use\n" + rows);
    std::vector<MemberTraining> training = training_from_manifest(csv, members);
    name_as_labelled(labels, training);
    return training[0];
  };
  const MemberTraining training =
      named("one,img001.png\none,000\none,7\none,x/img001.png\none,w/img005.png,selected\n");
  EXPECT_EQ(training.trained,
            (std::set<std::string>{"v/img001.png", "v/img000.png", "7", "x/img001.png"}));
  EXPECT_EQ(training.selected_on, std::set<std::string>{"w/img005.png"});
  const auto json = write("empty.json", R"({"members": {"one": {"frames": ["", "000"]}}})");
  std::vector<MemberTraining> of_json = training_from_manifest(json, members);
  name_as_labelled(labels, of_json);  // a name that is none stays one
  EXPECT_EQ(of_json[0].trained, (std::set<std::string>{"", "v/img000.png"}));
  EXPECT_THAT(text_of([&] { named("one,img005.png\n"); }),
              HasSubstr("'img005.png' may be v/img005.png or w/img005.png"));
  EXPECT_THAT(text_of([&] { named("one,5\n"); }), HasSubstr("w/img005.png"));
}

TEST_F(Labels, ManifestsThatMakeNoSenseAreErrors) {
  const std::vector<std::string> members = {"one"};
  const auto error_of = [&](const std::string& name, const std::string& text) {
    return text_of([&] { training_from_manifest(write(name, text), members); });
  };
  EXPECT_THAT(error_of("a.csv", "x,y\n"), HasSubstr("expected member,picture"));
  EXPECT_THAT(error_of("b.csv", "member,picture,use\none,p.png,test\n"), HasSubstr("line 2"));
  EXPECT_THAT(error_of("c.csv", "member,picture\nten,p.png\n"), HasSubstr("none of the members"));
  EXPECT_THAT(error_of("d.json", "[1]"), HasSubstr("no object 'members'"));
  EXPECT_THAT(error_of("e.json", R"({"members": {"one": {"frames": [{}]}}})"),
              HasSubstr("no picture"));
  EXPECT_THAT(text_of([&] { training_from_manifest(root() / "none.csv", members); }),
              HasSubstr("no manifest"));
}

TEST(LabelsOfSleap, AreWhatAPersonPlaced) {
  POSSE_SHARED_OR_SKIP(file, "hard-cases/tables/corrected.slp");
  const LabelSet set = read_label_set(file);
  for (const LabelledPicture& picture : set.pictures) {
    EXPECT_TRUE(picture.file.empty());
    EXPECT_TRUE(picture.number.has_value());
  }
  EXPECT_EQ(set.labels.size(), set.pictures.size() * set.bodyparts.size());
  const LoadedPoses both = read_pose_table(file);  // with the predictions that nobody corrected
  EXPECT_LE(set.pictures.size(), both.table.poses.num_frames());
}

TEST(Membership, OfADeepLabCutProjectIsReadFromItsPickle) {
  POSSE_SHARED_OR_SKIP(project, "reaching/project");
  Member member;
  member.project_folder = project;
  member.model_folder = ModelFolder{.iteration = 0, .percent = 95, .shuffle = 1};
  const std::vector<MemberTraining> training = training_from_projects({&member, 1});
  ASSERT_TRUE(training[0].known);
  EXPECT_EQ(training[0].trained.size(), 19U);  // int(0.95 x 20)
  EXPECT_EQ(use_of(training[0], "reachingvideo1/img234.png"), PictureUse::trained);
  EXPECT_EQ(use_of(training[0], "reachingvideo1/img000.png"), PictureUse::unseen);
  member.snapshot.name = "snapshot-best-120";
  EXPECT_EQ(use_of(training_from_projects({&member, 1})[0], "reachingvideo1/img000.png"),
            PictureUse::selected_on);
}

TEST_F(Labels, ATrainingSetSaysItsPicturesWhereItsPickleIsGone) {
  POSSE_SHARED_OR_SKIP(project, "reaching/project");
  const fs::path set = "training-datasets/iteration-0/UnaugmentedDataSet_ReachingAug30";
  fs::create_directories(root() / set);
  fs::copy_file(project / set / "Reaching_Mackenzie95shuffle1.mat",
                root() / set / "Reaching_Mackenzie95shuffle1.mat");
  Member member;
  member.path = root() / "train";
  member.model_folder = ModelFolder{.iteration = 0, .percent = 95, .shuffle = 1};
  member.project_folder = project;
  const MemberTraining by_pickle = training_from_projects({&member, 1})[0];
  member.project_folder = root();
  const MemberTraining by_set = training_from_projects({&member, 1})[0];
  ASSERT_TRUE(by_set.known);
  EXPECT_THAT(by_set.source, HasSubstr(".mat"));
  EXPECT_EQ(by_set.trained, by_pickle.trained);
  member.model_folder->shuffle = 2;
  EXPECT_FALSE(training_from_projects({&member, 1})[0].known);
}

TEST_F(Labels, LightningPosePredictionsSayTheirSet) {
  Member member;
  member.path = root();
  write("predictions.csv",
        "scorer,h,h,h,set\nbodyparts,a,a,a,\ncoords,x,y,likelihood,\n"
        "labeled-data/v/img1.png,1,2,0.5,train\nlabeled-data/v/img2.png,1,2,0.5,validation\n"
        "labeled-data/v/img3.png,1,2,0.5,test\n");
  const MemberTraining training = training_from_projects({&member, 1})[0];
  EXPECT_EQ(use_of(training, "v/img1.png"), PictureUse::trained);
  EXPECT_EQ(use_of(training, "v/img2.png"), PictureUse::selected_on);
  EXPECT_EQ(use_of(training, "v/img3.png"), PictureUse::unseen);
}

}  // namespace
}  // namespace posse
