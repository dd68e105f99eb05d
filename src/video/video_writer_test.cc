#include "video/video_writer.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "video/test_clips.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::read_clip;
using testing::ReadClip;

const double kNan = std::numeric_limits<double>::quiet_NaN();

// A grey picture whose level says which it is.
Image level_picture(int width, int height, int level) {
  Image image(width, height);
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(level);
  return image;
}

ReadClip written(const fs::path& path, const std::vector<double>& times, double fps, int width = 64,
                 int height = 48) {
  VideoWriter writer(path, width, height, {.fps = fps});
  for (size_t i = 0; i < times.size(); ++i)
    writer.write(level_picture(width, height, static_cast<int>(20 + 4 * i)), times[i]);
  writer.finish();
  return read_clip(path);
}

TEST(VideoWriter, FramesComeBackInOrderWithTheirRate) {
  const TemporaryFolder folder;
  const ReadClip clip =
      written(folder.path() / "a.mp4", std::vector<double>(50, kNan), 30000.0 / 1001);
  ASSERT_EQ(clip.frames.size(), 50U);
  EXPECT_EQ(clip.info.container_num_frames, 50);
  EXPECT_EQ(clip.info.codec, "h264");
  EXPECT_EQ(clip.info.pixel_format, "yuv420p");
  EXPECT_NEAR(clip.info.fps, 30000.0 / 1001, 1e-9);
  EXPECT_NEAR(clip.info.duration_seconds, 50 * 1001 / 30000.0,
              1e-3);  // MP4 headers count in milliseconds
  EXPECT_FALSE(clip.report.variable_frame_rate);
  EXPECT_THAT(clip.report.warnings, ::testing::IsEmpty());
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_NEAR(clip.frames[i].image.pixel(20, 30)[1], 20 + 4 * static_cast<double>(i),
                2);  // lossy: CRF 18
    EXPECT_NEAR(clip.frames[i].time_seconds, static_cast<double>(i) * 1001 / 30000, 1e-6);
  }
}

TEST(VideoWriter, KeepsAnUnusualRateExactly) {
  const TemporaryFolder folder;
  EXPECT_EQ(
      written(folder.path() / "a.mp4", std::vector<double>(9, kNan), 1000000.0 / 33333).info.fps,
      1000000.0 / 33333);
}

TEST(VideoWriter, KeepsVaryingDistancesInTime) {
  const TemporaryFolder folder;
  const std::vector<double> times{2.0, 2.04, 2.08, 2.5, 2.513, 3.7, 3.74};
  const ReadClip clip = written(folder.path() / "a.mp4", times, 25);
  ASSERT_EQ(clip.frames.size(), times.size());
  EXPECT_TRUE(clip.report.variable_frame_rate);
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_NEAR(clip.frames[i].time_seconds, times[i] - 2.0, 0.5 / 25 / 1000) << i;  // half a tick
  }
}

TEST(VideoWriter, PutsTimesThatAreRoundedToMillisecondsOnTheGrid) {
  const TemporaryFolder folder;
  std::vector<double> times;
  for (int i = 0; i < 20; ++i) times.push_back(std::round(i / 0.030) / 1000);
  const ReadClip clip = written(folder.path() / "a.mp4", times, 30);
  EXPECT_FALSE(clip.report.variable_frame_rate);
  EXPECT_NEAR(clip.frames[7].time_seconds, 7 / 30.0, 1e-6);
}

TEST(VideoWriter, AnOddPictureGetsItsLastRowAndColumnTwice) {
  const TemporaryFolder folder;
  const ReadClip clip = written(folder.path() / "a.mp4", {kNan, kNan}, 25, 63, 47);
  EXPECT_EQ(clip.info.width, 64);
  EXPECT_EQ(clip.info.height, 48);
  EXPECT_NEAR(clip.frames[0].image.pixel(47, 63)[0], 20, 2);
}

TEST(VideoWriter, TheIndexLiesBeforeTheFrames) {
  const TemporaryFolder folder;
  written(folder.path() / "a.mp4", std::vector<double>(5, kNan), 25);
  const std::string bytes = read_file(folder.path() / "a.mp4");
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST(VideoWriter, NothingIsThereBeforeTheEnd) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.mp4";
  {
    VideoWriter writer(path, 64, 48);
    writer.write(level_picture(64, 48, 9), kNan);
    EXPECT_FALSE(fs::exists(path));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(VideoWriter, RefusesWhatMakesNoSense) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.mp4";
  EXPECT_THROW(VideoWriter(path, 0, 48), Error);
  EXPECT_THROW(VideoWriter(path, 64, 48, {.fps = 0}), Error);
  EXPECT_THROW(VideoWriter(path, 64, 48, {.fps = kNan}), Error);
  EXPECT_THROW(VideoWriter(folder.path() / "a.txt", 64, 48), Error);
  VideoWriter writer(path, 64, 48);
  EXPECT_THROW(writer.finish(), Error);  // no frames
  EXPECT_THROW(writer.write(level_picture(32, 48, 9), 0), Error);
  writer.write(level_picture(64, 48, 9), 1);
  EXPECT_THROW(writer.write(level_picture(64, 48, 9), 1), Error);
}

TEST(VideoWriter, SaysThatAnEncoderIsMissing) {
  const TemporaryFolder folder;
  try {
    VideoWriter(folder.path() / "a.mp4", 64, 48, {.encoder = "no_such_encoder"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no_such_encoder"));
  }
}

TEST(VideoWriter, WritesMpeg4WhenAskedTo) {
  const TemporaryFolder folder;
  VideoWriter writer(folder.path() / "a.mp4", 64, 48, {.fps = 30, .encoder = "mpeg4"});
  for (int i = 0; i < 10; ++i) writer.write(level_picture(64, 48, 100), kNan);
  writer.finish();
  EXPECT_EQ(read_clip(folder.path() / "a.mp4").info.codec, "mpeg4");
}

TEST(VideoWriter, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_THROW(VideoWriter("/proc/no/such/folder/a.mp4", 64, 48), Error);
}

}  // namespace
}  // namespace posse
