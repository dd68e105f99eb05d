#include "table_jobs/smooth_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using Files = std::vector<fs::path>;

TEST(FilesByCamera, NamesCountAsWords) {
  const auto groups =
      files_by_camera({"cam1_net.csv", "cam10_net.csv", "cam2_net.csv"}, {"1", "10", "2"});
  EXPECT_THAT(groups,
              ElementsAre(Files{"cam1_net.csv"}, Files{"cam10_net.csv"}, Files{"cam2_net.csv"}));
  EXPECT_THAT(files_by_camera({"2021_A.csv", "2021_B.csv"}, {"A", "B"}),
              ElementsAre(Files{"2021_A.csv"}, Files{"2021_B.csv"}));
  // nowhere a word: part of a name, as before
  EXPECT_THAT(files_by_camera({"mousetopnet.csv", "mousesidenet.csv"}, {"top", "side"}),
              ElementsAre(Files{"mousetopnet.csv"}, Files{"mousesidenet.csv"}));
  EXPECT_THROW(files_by_camera({"2021.csv", "cam2.csv"}, {"1", "2"}), Error);
}

TEST(FilesByCamera, NumbersOfSeedsAreNoCameras) {
  EXPECT_THAT(
      files_by_camera({"cam1_seed1.csv", "cam11_seed2.csv", "cam2_seed11.csv"}, {"1", "2", "11"}),
      ElementsAre(Files{"cam1_seed1.csv"}, Files{"cam2_seed11.csv"}, Files{"cam11_seed2.csv"}));
  EXPECT_THROW(files_by_camera({"seed1.csv", "seed2.csv", "seed11.csv"}, {"1", "2", "11"}), Error);
  EXPECT_THAT(files_by_camera({"seed1_2.csv", "seed2_1.csv"}, {"1", "2"}),
              ElementsAre(Files{"seed2_1.csv"}, Files{"seed1_2.csv"}));
  EXPECT_THAT(files_by_camera({"camera_1_2.csv", "Camera-2_1.csv"}, {"1", "2"}),
              ElementsAre(Files{"camera_1_2.csv"}, Files{"Camera-2_1.csv"}));
}

TEST(FilesByCamera, LettersInsideWordsAreNoCameras) {
  EXPECT_THAT(files_by_camera({"fly4_R1C24_Cam-A_rot.csv", "fly4_R1C24_Cam-B_rot.csv",
                               "fly4_R1C24_Cam-C_rot.csv"},
                              {"A", "B", "C"}),
              ElementsAre(Files{"fly4_R1C24_Cam-A_rot.csv"}, Files{"fly4_R1C24_Cam-B_rot.csv"},
                          Files{"fly4_R1C24_Cam-C_rot.csv"}));
  EXPECT_THAT(files_by_camera({"R1C24_camA.csv", "R1C24_camC.csv"}, {"A", "C"}),
              ElementsAre(Files{"R1C24_camA.csv"}, Files{"R1C24_camC.csv"}));
  EXPECT_THAT(files_by_camera({"flyA1.csv", "flyC1.csv"}, {"A", "C"}),
              ElementsAre(Files{"flyA1.csv"}, Files{"flyC1.csv"}));
  EXPECT_THROW(files_by_camera({"R1C24.csv", "R1A24.csv"}, {"A", "C"}), Error);
  EXPECT_THROW(files_by_camera({"CollectedA.csv", "Cats.csv"}, {"A", "C"}), Error);
}

TEST(FilesByCamera, CamerasMayBeNamedWithTheFilesAlone) {
  EXPECT_THAT(cameras_named_in({"b=x.csv", "a=y.csv", "b=z.csv"}), ElementsAre("b", "a"));
  EXPECT_THAT(cameras_named_in({"b=x.csv", "y.csv"}), ElementsAre());
  EXPECT_THAT(cameras_named_in({"runs/lr=1.csv", "runs/lr=2.csv"}), ElementsAre());
}

TEST(FilesByCamera, TheCameraMayBeGivenWithTheFile) {
  Files paths = {"1=a/seed2.csv", "2=b", "other=c.csv"};
  const CamerasOfPaths given = take_camera_names(paths, {"1", "2"});
  EXPECT_THAT(paths, ElementsAre("a/seed2.csv", "b", "other=c.csv"));
  EXPECT_THAT(files_by_camera({"a/seed2.csv", "b/seed1.csv"}, {"1", "2"}, given),
              ElementsAre(Files{"a/seed2.csv"}, Files{"b/seed1.csv"}));
}

std::string said(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(FilesByCamera, CamerasThatAreNoneAreNamed) {
  const TemporaryFolder scratch;
  write_file(scratch.path() / "x.csv", "x");
  const fs::path working = fs::current_path();
  fs::current_path(scratch.path());
  Files other = {"side=x.csv"}, empty = {"=x.csv"};
  EXPECT_THAT(said([&] {
                take_camera_names(other, {"top", "front"});
              }),
              HasSubstr("'side' is not among the cameras"));
  EXPECT_THAT(said([&] { cameras_named_in(empty); }), HasSubstr("=x.csv: no camera's name"));
  fs::current_path(working);
  EXPECT_THAT(said([] { check_camera_names({"A", "A"}); }), HasSubstr("'A' twice"));
  EXPECT_THAT(said([] { check_camera_names({""}); }), HasSubstr("is empty"));
  EXPECT_THAT(said([] { check_camera_names({"A,B"}); }), HasSubstr("by spaces: A B"));
  EXPECT_EQ(said([] { check_camera_names({"A", "B"}); }), "no error");
  EXPECT_THAT(said([] {
                files_by_camera({"cam1.csv", "cam2.csv"}, {"1", "2", "3"});
              }),
              HasSubstr("--camera-names 1 2"));
}

}  // namespace
}  // namespace posse
