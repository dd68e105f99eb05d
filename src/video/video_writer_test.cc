#include "video/video_writer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "support/test_clips.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

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
}

auto all_near(const std::vector<double>& expected) {
  return ::testing::Pointwise(::testing::DoubleNear(1e-6), expected);
}

/// Times of the frames as read back, in frames of `fps`, and what the writer says.
struct Placed {
  std::vector<double> frames;
  std::vector<std::string> warnings;
};

Placed placed(const std::vector<double>& times, double fps, const std::string& name = "a.mp4") {
  const TemporaryFolder folder;
  VideoWriter writer(folder.path() / name, 64, 48, {.fps = fps});
  for (const double time : times) writer.write(level_picture(64, 48, 50), time);
  writer.finish();
  Placed result{.warnings = writer.warnings()};
  for (const VideoFrame& frame : read_clip(folder.path() / name).frames)
    result.frames.push_back(frame.time_seconds * fps);
  return result;
}

TEST(VideoWriter, PutsAFrameWhoseTimeDoesNotIncreaseJustAfterTheLast) {
  const Placed doubled = placed({0, 0, 0.04, 0.04, 0.03, 0.12}, 25);
  EXPECT_THAT(doubled.frames, all_near({0, 0.001, 1, 1.001, 1.002, 3}));
  EXPECT_THAT(doubled.warnings,
              ::testing::ElementsAre(::testing::HasSubstr("3 of 6 frames have a time")));
  EXPECT_THAT(doubled.warnings.at(0), ::testing::HasSubstr("first: frame 1 "));
}

TEST(VideoWriter, GoesOnAfterTheLastFrameWhereTimesRestart) {
  const Placed joined = placed({5, 5.04, 5.08, 1, 1.04, 1.12, 1e15, 1e15 + 1}, 25);
  EXPECT_THAT(joined.frames, all_near({0, 1, 2, 3, 4, 6, 7, 32}));
  EXPECT_THAT(joined.warnings,
              ::testing::ElementsAre(::testing::HasSubstr("2 of 8 frames have a time")));
}

TEST(VideoWriter, PutsAFrameWithoutATimeOneFrameAfterTheLast) {
  const Placed some = placed({kNan, 2, 2.04, kNan, 2.16}, 25);
  EXPECT_THAT(some.frames, all_near({0, 1, 2, 3, 5}));
  EXPECT_THAT(some.warnings,
              ::testing::ElementsAre(::testing::HasSubstr("2 of 5 frames have no time")));
  EXPECT_THAT(placed({kNan, kNan, kNan}, 25).warnings, ::testing::IsEmpty());
  EXPECT_THAT(placed({0, 0.04, 0.08}, 25).warnings, ::testing::IsEmpty());
}

TEST(VideoWriter, TellsASizeThatCannotBeCodedBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "wide.mp4";
  VideoWriter::check(path, 16384, 64);
  EXPECT_TRUE(fs::is_empty(folder.path()));
  try {
    VideoWriter::check(path, 17000, 64);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("wide.mp4' of 17000x64"));
    EXPECT_THAT(error.notes().hint, ::testing::HasSubstr("16384"));
  }
}

#ifdef __GLIBC__
// A pattern that moves, with some noise.
std::string moving_pattern(const fs::path& path, int width, int height) {
  VideoWriter writer(path, width, height, {.num_threads = 2});
  std::minstd_rand random(1);
  for (int i = 0; i < 30; ++i) {
    Image image(width, height);
    for (int row = 0; row < height; ++row) {
      for (int col = 0; col < width; ++col) {
        const double wave = std::sin(0.11 * (col + 2 * i)) + std::cos(0.07 * (row - i));
        const auto level =
            static_cast<uint8_t>(120 + 45 * wave + static_cast<double>(random() % 9));
        std::fill_n(image.pixel(row, col), 3, level);
      }
    }
    writer.write(image, kNan);
  }
  writer.finish();
  return read_file(path);
}

// Memory that nobody has set has another content in each run; glibc can be told which.
TEST(VideoWriter, GivesTheSameBytesWhateverLayInMemory) {
  const TemporaryFolder folder;
  std::vector<std::string> bytes;
  for (const int content : {1, 85, 170, 254}) {
    mallopt(M_PERTURB, content);
    bytes.push_back(moving_pattern(folder.path() / "a.mp4", 318, 122));
  }
  const std::string first = moving_pattern(folder.path() / "a.mkv", 64, 48);
  mallopt(M_PERTURB, 0);
  for (size_t i = 1; i < bytes.size(); ++i) EXPECT_TRUE(bytes[i] == bytes[0]) << i;
  EXPECT_TRUE(moving_pattern(folder.path() / "a.mkv", 64, 48) == first);
}
#endif

TEST(VideoWriter, SaysThatAnEncoderIsMissing) {
  const TemporaryFolder folder;
  try {
    const VideoWriter writer(folder.path() / "a.mp4", 64, 48, {.encoder = "no_such_encoder"});
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
