#include "video/video_reader.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/shared_data.h"
#include "support/test_clips.h"
#include "video/image_file.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::read_clip;
using testing::ReadClip;
using testing::rgb_of;
using testing::run_ffmpeg;

ErrorKind kind_of_opening(const fs::path& path) {
  try {
    open_video(path);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << path << " could be opened";
  return ErrorKind::usage;
}

TEST(VideoReader, JumpsToAKeyframeWhereThatIsSafe) {
  POSSE_FFMPEG_OR_SKIP();
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.mp4";
  ASSERT_TRUE(
      run_ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=25 -frames:v 120 -c:v libx264 -g 12 '" +
                 path.string() + "'"));
  const ReadClip part = read_clip(path, {.range = {.start = 100}});
  EXPECT_EQ(part.report.num_jumped, 96);
  EXPECT_EQ(part.report.num_decoded, 24);
  const ReadClip sequential = read_clip(path, {.range = {.start = 100}, .allow_seek = false});
  EXPECT_EQ(sequential.report.num_jumped, 0);
  EXPECT_EQ(sequential.report.num_decoded, 120);
  EXPECT_TRUE(rgb_of(part) == rgb_of(sequential));
}

TEST(VideoReader, DecodesTheReferenceFramesOfARealVideoExactly) {
  POSSE_SHARED_OR_SKIP(video, "openfield/videos/m3v1mp4.mp4");
  POSSE_SHARED_OR_SKIP(golden, "openfield-ensemble/golden");
  const ReadClip clip = read_clip(video, {.range = {.stop = 100}});
  ASSERT_EQ(clip.frames.size(), 100U);
  for (const auto& [index, name] :
       {std::pair{0, "frame-0000.png"}, {40, "frame-0040.png"}, {99, "frame-0099.png"}}) {
    EXPECT_TRUE(read_image(golden / name).rgb == clip.frames[static_cast<size_t>(index)].image.rgb)
        << name;
  }
}

TEST(VideoReader, DecodesTheReferenceFramesOfTheDemoExactly) {
  const fs::path demo = testing::source_folder() / "data" / "demo";
  const fs::path golden = demo / "golden";
  for (const auto& [index, name] :
       {std::pair{60, "frame-0060.png"}, {200, "frame-0200.png"}, {300, "frame-0300.png"}}) {
    const ReadClip clip =
        read_clip(demo / "video/openarena.mp4", {.range = {.start = index, .stop = index + 1}});
    ASSERT_EQ(clip.frames.size(), 1U);
    EXPECT_TRUE(read_image(golden / name).rgb == clip.frames[0].image.rgb) << name;
  }
}

TEST(VideoReader, RefusesWhatIsNoVideo) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "text.mp4";
  write_file(path, "this is a text, and no video at all\n");
  EXPECT_EQ(kind_of_opening(path), ErrorKind::bad_file);
  fs::rename(path, folder.path() / "text.txt");  // libavformat would show a text as a picture of it
  EXPECT_EQ(kind_of_opening(folder.path() / "text.txt"), ErrorKind::bad_file);
  write_file(folder.path() / "empty.mp4", "");
  EXPECT_EQ(kind_of_opening(folder.path() / "empty.mp4"), ErrorKind::bad_file);
  EXPECT_EQ(kind_of_opening(folder.path() / "absent.mp4"), ErrorKind::not_found);
  EXPECT_EQ(kind_of_opening(folder.path() / "text.txt" / "absent.mp4"), ErrorKind::not_found);
  EXPECT_EQ(kind_of_opening("/dev/null"), ErrorKind::bad_file);
}

}  // namespace
}  // namespace posse
