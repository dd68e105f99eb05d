#include "study/judge/groups.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {

/// Pictures of one video at these seconds; below 0: of unknown frame.
struct World {
  LabelSet labels;
  VideoPlaces places;

  void add(const std::string& folder, double seconds) {
    const size_t number = labels.pictures.size();
    labels.pictures.push_back({.name = folder + "/img" + std::to_string(number) + ".png",
                               .file = {},
                               .folder = folder,
                               .number = std::nullopt});
    if (places.videos.empty()) places.videos.push_back(folder + ".mp4");
    if (seconds < 0) {
      places.places.emplace_back(std::nullopt);
    } else {
      places.places.emplace_back(PicturePlace{
          .video = 0, .frame = static_cast<int64_t>(30 * seconds), .seconds = seconds});
    }
  }
};

TEST(PictureGroups, AreClipsOfASecondAndPicturesOfUnknownFrames) {
  World world;
  for (const double seconds : {5.0, 0.0, 0.5, 0.9, 1.3, -1.0, -1.0}) world.add("v", seconds);
  const PictureGroups groups = group_pictures(world.labels, world.places);
  EXPECT_EQ(groups.unit, "clips");
  EXPECT_EQ(groups.group[1], groups.group[2]);
  EXPECT_EQ(groups.group[2], groups.group[3]);
  EXPECT_NE(groups.group[3], groups.group[4]);  // a row of near frames is cut after a second
  EXPECT_EQ(std::set(groups.group.begin(), groups.group.end()).size(), 5U);
}

TEST(PictureGroups, AreFramesInTheOrderOfTimeWhereOneVideoIsLabelledDensely) {
  for (const int count : {99, 100}) {
    World world;
    for (int i = count - 1; i >= 0; --i) world.add("v", 0.2 * i);
    const PictureGroups groups = group_pictures(world.labels, world.places);
    EXPECT_EQ(groups.over_time, count == 100);
    if (!groups.over_time) continue;
    EXPECT_EQ(groups.unit, "frames");
    EXPECT_EQ(groups.group.front(), 99);
    EXPECT_EQ(groups.group.back(), 0);
    EXPECT_EQ(groups.clip[0], groups.clip[1]);  // folds keep clips whole
    EXPECT_LT(std::set(groups.clip.begin(), groups.clip.end()).size(), 30U);
    world.add("v", 100);  // far behind: no longer close in the mean
    world.add("v", 200);
    EXPECT_FALSE(group_pictures(world.labels, world.places).over_time);
  }
}

TEST(PictureGroups, AreVideosWhereThereAreEight) {
  World world;
  for (int i = 0; i < 8; ++i) {
    world.add("v" + std::to_string(i), -1);
    world.add("v" + std::to_string(i), -1);
  }
  const PictureGroups groups = group_pictures(world.labels, world.places);
  EXPECT_EQ(groups.unit, "videos");
  EXPECT_EQ(groups.num_videos, 8U);
  EXPECT_EQ(groups.group[0], groups.group[1]);
}

TEST(PictureGroups, AreThoseOfAFileThatNamesAllOfThem) {
  World world;
  world.add("v", -1);
  world.add("v", -1);
  const TemporaryFolder folder;
  const auto file = folder.path() / "clips.csv";
  write_file(file, "picture,clip\nlabeled-data/v/img0.png,a\nv/img1.png,a\n");
  const PictureGroups groups = group_pictures(world.labels, world.places, file);
  EXPECT_EQ(groups.group[0], groups.group[1]);
  write_file(file, "picture,clip\nv/img0.png,a\n");
  EXPECT_THROW(group_pictures(world.labels, world.places, file), Error);
  write_file(file, "clip,picture\n");
  EXPECT_THROW(group_pictures(world.labels, world.places, file), Error);
}

}  // namespace
}  // namespace posse
