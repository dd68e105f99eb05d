// What ffmpeg can write, read by posse and by the ffmpeg command.
#include <gmock/gmock.h>

#include <cmath>
#include <ostream>

#include "support/shared_data.h"
#include "support/test_clips.h"
#include "video/video_reader.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using testing::ffmpeg_rgb;
using testing::read_clip;
using testing::ReadClip;
using testing::rgb_of;
using testing::run_ffmpeg;

struct ClipRecipe {
  const char* name;
  const char* file;
  const char* source;     // a lavfi source with its size
  const char* arguments;  // how to encode it
};

std::ostream& operator<<(std::ostream& stream, const ClipRecipe& recipe) {
  return stream << recipe.name;
}

constexpr const char* kSource = "testsrc2=size=160x120:rate=25";
constexpr const char* kOddSource = "testsrc2=size=161x121:rate=25";

const ClipRecipe kRecipes[] = {
    {"h264_with_b_frames", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuv420p -g 12 -bf 3"},
    {"h264_open_gop", "a.mp4", kSource,
     "-c:v libx264 -pix_fmt yuv420p -g 12 -bf 3 -x264-params open-gop=1"},
    {"h264_in_matroska", "a.mkv", kSource, "-c:v libx264 -pix_fmt yuv420p -g 15 -bf 2"},
    {"h264_transport_stream", "a.ts", kSource, "-c:v libx264 -pix_fmt yuv420p -g 15 -bf 2"},
    {"h264_raw", "a.h264", kSource, "-c:v libx264 -pix_fmt yuv420p -g 15 -bf 2"},
    {"h264_yuv444p", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuv444p -g 12"},
    {"h264_yuv422p", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuv422p -g 12"},
    {"h264_odd_size", "a.mp4", kOddSource, "-c:v libx264 -pix_fmt yuv444p -g 12"},
    {"h264_grey", "a.mp4", kSource, "-c:v libx264 -pix_fmt gray -g 12"},
    {"h264_10_bit", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuv420p10le -g 12"},
    {"h264_rgb", "a.mp4", kSource, "-c:v libx264rgb -qp 0 -g 12"},
    {"h264_intra_refresh", "a.mp4", kSource,
     "-c:v libx264 -pix_fmt yuv420p -x264-params intra-refresh=1:keyint=12"},
    {"h264_interlaced", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuv420p -flags +ildct+ilme -g 12"},
    {"h264_bt709", "a.mp4", kSource,
     "-c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709 -g "
     "12"},
    {"h264_full_range", "a.mp4", kSource, "-c:v libx264 -pix_fmt yuvj420p -g 12"},
    {"hevc", "a.mp4", kSource,
     "-c:v libx265 -pix_fmt yuv420p -x265-params log-level=none:keyint=12"},
    {"hevc_10_bit", "a.mkv", kSource,
     "-c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=none:keyint=12"},
    {"mpeg4_avi", "a.avi", kSource, "-c:v mpeg4 -q:v 3 -g 12"},
    {"mpeg4_avi_with_b_frames", "a.avi", kSource, "-c:v mpeg4 -q:v 3 -g 12 -bf 2"},
    {"mpeg4_mp4_with_b_frames", "a.mp4", kSource, "-c:v mpeg4 -q:v 3 -g 12 -bf 2"},
    {"xvid_odd_size", "a.avi", kOddSource, "-c:v mpeg4 -vtag xvid -q:v 3 -g 12"},
    {"motion_jpeg", "a.avi", kSource, "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"},
    {"motion_jpeg_odd_size", "a.avi", kOddSource, "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"},
    {"ffv1", "a.mkv", kOddSource, "-c:v ffv1 -pix_fmt yuv420p"},
    {"raw_grey", "a.avi", kSource, "-c:v rawvideo -pix_fmt gray"},
    {"raw_bgr", "a.avi", kOddSource, "-c:v rawvideo -pix_fmt bgr24"},
    {"grey_16_bit", "a.mkv", kOddSource, "-c:v ffv1 -pix_fmt gray16le"},
    {"png_in_mov", "a.mov", kOddSource, "-c:v png -pix_fmt rgb24"},
    {"prores", "a.mov", kSource, "-c:v prores"},
    {"vp9", "a.webm", kSource, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12"},
    {"vp8", "a.webm", kSource, "-c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 1 -g 12"},
    {"mpeg2", "a.mpg", kSource, "-c:v mpeg2video -q:v 3 -g 12 -bf 2"},
    {"flash", "a.flv", kSource, "-c:v flv -q:v 3 -g 12"},
};

class EveryFormat : public ::testing::TestWithParam<ClipRecipe> {
 protected:
  static constexpr int64_t kNumFrames = 100;

  void SetUp() override {
    POSSE_FFMPEG_OR_SKIP();
    const ClipRecipe& recipe = GetParam();
    path_ = folder_.path() / recipe.file;
    if (!run_ffmpeg(std::string("-f lavfi -i ") + recipe.source + " -frames:v " +
                    std::to_string(kNumFrames) + " " + recipe.arguments + " '" + path_.string() +
                    "'")) {
      GTEST_SKIP() << "ffmpeg here cannot write this format";
    }
  }

  TemporaryFolder folder_;
  fs::path path_;
};

TEST_P(EveryFormat, GivesTheBytesOfTheFfmpegCommand) {
  const ReadClip clip = read_clip(path_);
  ASSERT_EQ(static_cast<int64_t>(clip.frames.size()), kNumFrames);
  EXPECT_EQ(clip.report.num_decoded, kNumFrames);
  EXPECT_TRUE(clip.report.reached_end);
  EXPECT_EQ(clip.report.num_corrupt, 0);
  EXPECT_THAT(clip.report.warnings, ::testing::IsEmpty());
  for (int64_t i = 0; i < kNumFrames; ++i)
    EXPECT_EQ(clip.frames[static_cast<size_t>(i)].frame_index, i);
  EXPECT_TRUE(rgb_of(clip) == ffmpeg_rgb(path_, clip.info.width, clip.info.height));
}

TEST_P(EveryFormat, GivesTheSameFramesForARangeAsFromTheStart) {
  const ReadClip whole = read_clip(path_);
  ASSERT_EQ(static_cast<int64_t>(whole.frames.size()), kNumFrames);
  for (const char* text :
       {"0:3", "59:64", "60:62", "61:99:7", "95:", "99", "100:", "5:5", "70:200"}) {
    const FrameRange range = FrameRange::parse(text);
    const ReadClip part = read_clip(path_, {.range = range});
    size_t next = 0;
    for (const VideoFrame& frame : whole.frames) {
      if (!range.contains(frame.frame_index)) continue;
      ASSERT_LT(next, part.frames.size()) << text;
      const VideoFrame& same = part.frames[next++];
      EXPECT_EQ(same.frame_index, frame.frame_index) << text;
      EXPECT_TRUE(same.image.rgb == frame.image.rgb) << text << " frame " << frame.frame_index;
      EXPECT_TRUE(same.time_seconds == frame.time_seconds || std::isnan(frame.time_seconds))
          << text;
    }
    EXPECT_EQ(next, part.frames.size()) << text;
    EXPECT_THAT(part.report.warnings, ::testing::IsEmpty()) << text;
    EXPECT_EQ(part.report.broke_off, "") << text;
  }
}

TEST_P(EveryFormat, GivesTheSameFramesWithSeveralDecoderThreads) {
  const ReadClip one = read_clip(path_, {.range = {.stop = 40}});
  const ReadClip four = read_clip(path_, {.range = {.stop = 40}, .num_threads = 4});
  EXPECT_TRUE(rgb_of(one) == rgb_of(four));
}

INSTANTIATE_TEST_SUITE_P(VideoReader, EveryFormat, ::testing::ValuesIn(kRecipes),
                         [](const auto& recipe) { return std::string(recipe.param.name); });

}  // namespace
}  // namespace posse
