// Videos as cameras and editors leave them: varying rates, turned pictures, cut short, miscounted.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "base/error.h"
#include "support/errors.h"
#include "support/mutation.h"
#include "support/shared_data.h"
#include "support/test_clips.h"
#include "video/image_file.h"
#include "video/video_reader.h"

extern "C" {
#include <libavcodec/version.h>
}

namespace posse {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::ffmpeg_rgb;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_clip;
using testing::ReadClip;
using testing::rgb_of;
using testing::run_ffmpeg;
using ::testing::SizeIs;

constexpr const char* kH264 = "-c:v libx264 -pix_fmt yuv420p -g 12 -bf 2";
constexpr const char* kMpeg4 = "-c:v mpeg4 -q:v 3 -g 12";
constexpr int64_t kNumFrames = 60;

class UnusualVideos : public ::testing::Test {
 protected:
  void SetUp() override { POSSE_FFMPEG_OR_SKIP(); }

  /// A clip of moving patterns, 64x48 at 25 frames/s.
  fs::path make(const std::string& name, const std::string& encoder,
                int64_t num_frames = kNumFrames, const std::string& filters = "null") const {
    fs::path path = folder_.path() / name;
    EXPECT_TRUE(run_ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=25 -frames:v " +
                           std::to_string(num_frames) + " -vf \"" + filters + "\" " + encoder +
                           " '" + path.string() + "'"));
    return path;
  }

  /// What ffmpeg makes of another file.
  fs::path remake(const fs::path& source, const std::string& name, const std::string& arguments,
                  const std::string& before = "") const {
    fs::path path = folder_.path() / name;
    EXPECT_TRUE(run_ffmpeg(before + " -i '" + source.string() + "' " + arguments + " '" +
                           path.string() + "'"));
    return path;
  }

  /// With a flag that asks for the picture to be turned; ffmpeg 6 and 7 write it another way.
  fs::path turn(const fs::path& source, const std::string& degrees) const {
    const std::string name = degrees + ".mp4";
#if LIBAVCODEC_VERSION_MAJOR < 60
    return remake(source, name, "-c copy -metadata:s:v:0 rotate=" + degrees);
#else
    return remake(source, name, "-c copy", "-display_rotation " + degrees);
#endif
  }

  fs::path copy_with(const fs::path& source, const std::string& name,
                     const std::function<void(std::string&)>& change) const {
    std::string bytes = read_file(source);
    change(bytes);
    fs::path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(UnusualVideos, OfAVaryingRateKeepEveryFrameAtItsTime) {
  const fs::path path =
      make("a.mp4",
           std::string(kH264) +
               " -vsync passthrough -enc_time_base 1:12800 -video_track_timescale 12800",
           kNumFrames, "settb=1/12800,setpts=512*N+13*N*N");
  const ReadClip clip = read_clip(path);
  ASSERT_THAT(clip.frames, SizeIs(kNumFrames));
  for (size_t n = 0; n < clip.frames.size(); ++n) {
    EXPECT_EQ(clip.frames[n].frame_index, static_cast<int64_t>(n));
    EXPECT_DOUBLE_EQ(clip.frames[n].time_seconds,
                     static_cast<double>(512 * n + 13 * n * n) / 12800);
  }
  EXPECT_TRUE(clip.report.variable_frame_rate);
  EXPECT_THAT(clip.report.warnings, ElementsAre(HasSubstr("The frame rate varies")));
  EXPECT_TRUE(rgb_of(clip) == ffmpeg_rgb(path, 64, 48));
  const ReadClip part = read_clip(path, {.range = {.start = 55, .stop = 57}});
  ASSERT_THAT(part.frames, SizeIs(2));
  EXPECT_TRUE(part.frames[0].image.rgb == clip.frames[55].image.rgb);
  EXPECT_EQ(part.frames[1].time_seconds, clip.frames[56].time_seconds);
}

// Turned clockwise by 90 degrees, row r is the stored picture's column r read upwards.
TEST_F(UnusualVideos, AreTurnedAsTheirRotationFlagSays) {
  const fs::path plain_path = make("plain.mp4", "-c:v libx264 -pix_fmt yuv444p", 3);
  const Image plain = read_clip(plain_path).frames.at(2).image;
  std::vector<int> found;
  for (const char* flag : {"90", "180", "270"}) {
    SCOPED_TRACE(flag);
    const fs::path path = turn(plain_path, flag);
    const ReadClip clip = read_clip(path);
    const int degrees = clip.info.rotation_degrees;
    found.push_back(degrees);
    EXPECT_THAT(clip.report.warnings, ElementsAre(HasSubstr("turned by")));
    const Image& turned = clip.frames.at(2).image;
    ASSERT_EQ(turned.width, degrees == 180 ? 64 : 48);
    ASSERT_EQ(turned.height, degrees == 180 ? 48 : 64);
    for (int row = 0; row < turned.height; ++row) {
      for (int col = 0; col < turned.width; ++col) {
        const uint8_t* from = degrees == 90    ? plain.pixel(47 - col, row)
                              : degrees == 180 ? plain.pixel(47 - row, 63 - col)
                                               : plain.pixel(col, 63 - row);
        ASSERT_TRUE(std::equal(from, from + 3, turned.pixel(row, col))) << row << ", " << col;
      }
    }
    // The ffmpeg command turns before it converts to RGB; in 4:4:4 that gives the same bytes.
    EXPECT_TRUE(rgb_of(clip) == ffmpeg_rgb(path, turned.width, turned.height));
  }
  EXPECT_THAT(found, ::testing::UnorderedElementsAre(90, 180, 270));
}

/// `part` holds the first frames of `whole`, bit for bit at their times, and nothing else; but the
/// last may be a picture that was cut in its middle, if it is flagged.
void expect_beginning(const ReadClip& part, const ReadClip& whole) {
  ASSERT_LE(part.frames.size(), whole.frames.size());
  for (size_t i = 0; i < part.frames.size(); ++i) {
    EXPECT_EQ(part.frames[i].frame_index, static_cast<int64_t>(i));
    EXPECT_EQ(part.frames[i].time_seconds, whole.frames[i].time_seconds) << "frame " << i;
    const bool may_be_cut = i + 1 == part.frames.size() && part.report.num_corrupt == 1;
    if (may_be_cut) continue;
    EXPECT_TRUE(part.frames[i].image.rgb == whole.frames[i].image.rgb) << "frame " << i;
  }
}

TEST_F(UnusualVideos, CutShortGiveTheFramesBeforeAndSaySo) {
  const fs::path files[] = {make("a.mp4", std::string(kH264) + " -movflags +faststart"),
                            make("a.mkv", kH264), make("a.avi", kMpeg4),
                            make("hevc.mkv", "-c:v libx265 -x265-params log-level=none:keyint=12")};
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename());
    const ReadClip whole = read_clip(file);
    ASSERT_THAT(whole.frames, SizeIs(kNumFrames));
    EXPECT_THAT(whole.report.warnings, IsEmpty());
    for (int percent = 50; percent < 80; percent += 3) {
      SCOPED_TRACE(percent);
      const fs::path cut =
          copy_with(file, "cut-" + file.filename().string(), [&](std::string& bytes) {
            bytes.resize(bytes.size() * static_cast<size_t>(percent) / 100);
          });
      const ReadClip part = read_clip(cut);
      EXPECT_GE(part.frames.size(), 5U);
      EXPECT_NE(part.report.broke_off, "");
      EXPECT_FALSE(part.report.reached_end);
      EXPECT_FALSE(part.report.variable_frame_rate);
      EXPECT_THAT(part.report.warnings, Contains(HasSubstr("The video breaks off after")));
      expect_beginning(part, whole);
    }
  }
}

TEST_F(UnusualVideos, WithoutTheirIndexAreRefused) {
  const fs::path whole = make("a.mp4", kH264);  // its index comes last
  const fs::path cut =
      copy_with(whole, "cut.mp4", [](std::string& bytes) { bytes.resize(bytes.size() / 2); });
  const Error error = error_of([&] { open_video(cut); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("moov atom not found"));
  EXPECT_THAT(error.notes().hint, HasSubstr("repaired"));
}

TEST_F(UnusualVideos, DamagedInTheMiddleKeepTheNumbersOfTheFramesBehind) {
  for (const auto& [name, encoder] :
       {std::pair{"a.mp4", kH264}, {"a.mkv", kH264}, {"a.avi", kMpeg4}}) {
    SCOPED_TRACE(name);
    const fs::path file = make(name, encoder);
    const ReadClip whole = read_clip(file);
    const fs::path damaged =
        copy_with(file, std::string("damaged-") + name, [](std::string& bytes) {
          const size_t third = bytes.size() / 3;
          std::mt19937 random(1);
          for (size_t i = third; i < third + 400; ++i) bytes[i] = static_cast<char>(random());
        });
    const ReadClip clip = read_clip(damaged);
    EXPECT_LE(clip.frames.size(), whole.frames.size());
    EXPECT_THAT(clip.report.warnings, ::testing::Not(IsEmpty()));
    ASSERT_GT(clip.frames.size(), 20U);
    // From the next keyframe on the pictures are right again: at their own numbers and times.
    const VideoFrame& last = clip.frames.back();
    EXPECT_EQ(last.frame_index, kNumFrames - 1);
    EXPECT_TRUE(last.image.rgb == whole.frames.back().image.rgb);
  }
}

/// Where packets lie in a file, as the ffprobe command says: (position, size).
std::vector<std::pair<size_t, size_t>> packets_of(const fs::path& file) {
  const TemporaryFolder folder;
  const fs::path list = folder.path() / "packets";
  const std::string command =
      "ffprobe -v error -select_streams v -show_entries packet=pos,size -of csv=p=0 '" +
      file.string() + "' > '" + list.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::vector<std::pair<size_t, size_t>> packets;
  std::ifstream lines(list);
  char comma = 0;
  for (size_t size = 0, position = 0; lines >> size >> comma >> position;)
    packets.emplace_back(position, size);
  return packets;
}

// libav prints what is wrong with such a picture and does not flag it.
TEST_F(UnusualVideos, WithErrorsThatNoFrameIsFlaggedForNameTheFrame) {
  for (const char* name : {"a.avi", "a.mp4"}) {
    SCOPED_TRACE(name);
    const fs::path file = make(name, "-c:v mjpeg -q:v 3");
    const auto packet = packets_of(file).at(17);
    const size_t position = packet.first;  // names of their own: Clang 14 cannot capture bindings
    const size_t size = packet.second;
    const fs::path damaged = copy_with(file, std::string("half-") + name, [&](std::string& bytes) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(position + size / 2), size / 2, '\0');
    });
    for (const int num_threads : {1, 3}) {
      const ReadClip clip = read_clip(damaged, {.num_threads = num_threads});
      EXPECT_THAT(clip.frames, SizeIs(kNumFrames));
      EXPECT_EQ(clip.report.num_corrupt, 1);
      EXPECT_THAT(clip.report.warnings,
                  ElementsAre(HasSubstr("1 frame decoded with errors in the picture, kept (frame "
                                        "17) (libav says")));
    }
  }
}

TEST_F(UnusualVideos, WithLostPacketsNameWhatIsMissing) {
  const auto without_three = [&](const fs::path& file) {
    const auto packets = packets_of(file);
    return copy_with(file, "lost-" + file.filename().string(), [&](std::string& bytes) {
      constexpr size_t kHeader = 8;  // of an AVI's chunk; a Matroska block's is not longer
      const auto begin = static_cast<std::ptrdiff_t>(packets.at(20).first - kHeader);
      const auto end = static_cast<std::ptrdiff_t>(packets.at(23).first - kHeader);
      std::fill(bytes.begin() + begin, bytes.begin() + end, '\0');
    });
  };
  const ReadClip counted = read_clip(without_three(make("a.avi", "-c:v mjpeg -q:v 3")));
  EXPECT_EQ(counted.frames.at(19).frame_index, 19);
  EXPECT_EQ(counted.frames.at(20).frame_index, 23);
  EXPECT_EQ(counted.report.broke_off, "");
  EXPECT_THAT(counted.report.warnings, Contains(HasSubstr("left out (frames 20, 21 and 22)")));
  const ReadClip timed = read_clip(without_three(make("a.mkv", "-c:v mjpeg -q:v 3")));
  const size_t num_missing = kNumFrames - timed.frames.size();  // libav goes on at the next cluster
  EXPECT_THAT(
      timed.report.warnings,
      Contains(HasSubstr(std::to_string(num_missing) + " frames seem to be missing after frame ")));
  EXPECT_THAT(timed.report.warnings, ::testing::Not(Contains(HasSubstr("frame rate varies"))));
}

TEST_F(UnusualVideos, WithTwoVideoStreamsSayWhichIsRead) {
  const fs::path one = make("one.mp4", kH264, 5);
  const fs::path both =
      remake(one, "both.mkv", "-map 0:v -map 0:v -c:v:0 copy -c:v:1 mjpeg -s:v:1 32x24");
  const ReadClip clip = read_clip(both);
  EXPECT_EQ(clip.info.width, 64);
  EXPECT_EQ(clip.info.other_streams, "stream 1 (mjpeg, 32x24)");
  EXPECT_THAT(clip.report.warnings,
              Contains(HasSubstr("stream 0 (h264, 64x48) is read, not stream 1 (mjpeg, 32x24)")));
}

TEST_F(UnusualVideos, WhoseTimesRestartSaySo) {
  const fs::path clip = make("a.ts", kH264);
  const fs::path joined = copy_with(clip, "joined.ts", [](std::string& bytes) { bytes += bytes; });
  EXPECT_THAT(read_clip(joined).report.warnings,
              Contains(HasSubstr("1 frame has a time that is not after the time of the frame "
                                 "before (first: frame 60)")));
}

TEST_F(UnusualVideos, WhoseHeadersMiscountAreReported) {
  const fs::path file = make("a.avi", kMpeg4);
  const auto with_length = [&](const std::string& name, char length) {
    return copy_with(file, name, [&](std::string& bytes) {
      bytes.at(bytes.find("strh") + 8 + 32) = length;  // dwLength of AVISTREAMHEADER
    });
  };
  const ReadClip fewer = read_clip(with_length("fewer.avi", 50));
  EXPECT_THAT(fewer.frames, SizeIs(kNumFrames));
  EXPECT_EQ(fewer.info.container_num_frames, 50);
  EXPECT_EQ(fewer.report.num_decoded, kNumFrames);
  EXPECT_THAT(fewer.report.warnings,
              ElementsAre("The container announces 50 frames, decoding gave 60."));
  const ReadClip more = read_clip(with_length("more.avi", 70));
  EXPECT_THAT(more.frames, SizeIs(kNumFrames));
  EXPECT_THAT(more.report.warnings,
              ElementsAre(HasSubstr("its header announces 70 frames, the file holds 60")));
}

TEST_F(UnusualVideos, CutWithoutReencodingLeaveOutWhatTheirEditListHides) {
  const fs::path cut = remake(make("a.mp4", kH264), "cut.mp4", "-c copy", "-ss 0.3");
  const ReadClip clip = read_clip(cut);
  EXPECT_LT(clip.frames.size(), static_cast<size_t>(kNumFrames));
  EXPECT_THAT(clip.report.warnings, Contains(HasSubstr("hidden by the file's edit list")));
  EXPECT_TRUE(rgb_of(clip) == ffmpeg_rgb(cut, 64, 48));
}

TEST_F(UnusualVideos, WithoutFramesOrPicturesAreRefused) {
  const Error no_frames = error_of([&] { open_video(make("zero.mp4", kH264, 0)); });
  EXPECT_EQ(no_frames.kind(), ErrorKind::bad_file);
  EXPECT_THAT(no_frames.message(), HasSubstr("zero.mp4"));
  const fs::path sound = folder_.path() / "sound.m4a";
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i sine -t 1 '" + sound.string() + "'"));
  const Error no_video = error_of([&] { open_video(sound); });
  EXPECT_EQ(no_video.kind(), ErrorKind::bad_file);
  EXPECT_THAT(no_video.message(), HasSubstr("has no video stream"));
  EXPECT_EQ(no_video.notes().have, "audio (aac)");
}

TEST_F(UnusualVideos, WithAnyDamageNeitherCrashNorInventFrames) {
  constexpr int kTrials = 60;
  std::mt19937 random(testing::seed_of_this_test());
  const fs::path damaged = folder_.path() / "damaged";
  int num_opened = 0;
  for (const auto& [name, encoder] :
       {std::pair{"a.mp4", kH264}, {"a.mkv", kH264}, {"a.avi", kMpeg4}, {"a.ts", kH264}}) {
    SCOPED_TRACE(name);
    const std::string sound = read_file(make(name, encoder, 24));
    for (int trial = 0; trial < kTrials; ++trial) {
      std::ofstream(damaged, std::ios::binary) << testing::mutated(sound, random);
      try {
        const ReadClip clip = read_clip(damaged);
        ++num_opened;
        EXPECT_LE(clip.frames.size(), 24U);
        for (size_t i = 1; i < clip.frames.size(); ++i) {
          EXPECT_LT(clip.frames[i - 1].frame_index, clip.frames[i].frame_index);
        }
      } catch (const Error& error) {
        EXPECT_THAT(error.kind(), AnyOf(ErrorKind::bad_file, ErrorKind::unsupported))
            << error.what();
      }
    }
  }
  EXPECT_GT(num_opened, kTrials);
}

class ImageFolders : public ::testing::Test {
 protected:
  /// A picture of one level, which tells it from the others.
  void put(const std::string& name, uint8_t level, int width = 20) const {
    Image image(width, 10);
    std::fill(image.rgb.begin(), image.rgb.end(), level);
    write_png(image, folder_.path() / name);
  }
  std::vector<int> levels(const ReadClip& clip) const {
    std::vector<int> found;
    for (const VideoFrame& frame : clip.frames) found.push_back(frame.image.rgb[0]);
    return found;
  }
  std::vector<int64_t> indices(const ReadClip& clip) const {
    std::vector<int64_t> found;
    for (const VideoFrame& frame : clip.frames) found.push_back(frame.frame_index);
    return found;
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFolders, AreReadInNaturalOrder) {
  put("img10.png", 30);
  put("img2.png", 20);
  put("IMG1.PNG", 10);
  put(".hidden.png", 99);
  write_file(folder_.path() / "notes.txt", "no picture");
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_THAT(levels(clip), ElementsAre(10, 20, 30));
  EXPECT_THAT(indices(clip), ElementsAre(0, 1, 2));
  EXPECT_TRUE(clip.info.is_image_folder);
  EXPECT_EQ(clip.info.width, 20);
  EXPECT_EQ(clip.info.height, 10);
  EXPECT_EQ(clip.info.container_num_frames, 3);
  EXPECT_TRUE(std::isnan(clip.frames[0].time_seconds));
  EXPECT_TRUE(clip.report.reached_end);
  EXPECT_THAT(clip.report.warnings, IsEmpty());
  EXPECT_THAT(levels(read_clip(folder_.path(), {.range = {.start = 1}})), ElementsAre(20, 30));
  EXPECT_THAT(levels(read_clip(folder_.path(), {.range = {.step = 2}})), ElementsAre(10, 30));
  EXPECT_THAT(levels(read_clip(folder_.path() / "img2.png")), ElementsAre(20));
}

TEST_F(ImageFolders, TellWhichPicturesLookLikeCopies) {
  put("img0.png", 1);
  put("img0 (1).png", 1);
  put("img (2).png", 2);
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_EQ(clip.frames.size(), 3);
  EXPECT_THAT(clip.report.warnings, ElementsAre(HasSubstr("of their own: img0 (1).png.")));
}

/// A TIFF of grey pages 12 x 8, each with a level of its own; `kinds` are NewSubfileType.
std::string tiff_stack(const std::vector<uint8_t>& levels, const std::vector<uint32_t>& kinds = {},
                       bool is_big = false) {
  const size_t num_pixels = 96;
  std::string bytes = is_big ? std::string("II+\0\x08\0\0\0", 8) : std::string("II*\0", 4);
  const auto put = [&](uint64_t value, int size) {
    for (int i = 0; i < size; ++i, value >>= 8) bytes += static_cast<char>(value & 0xff);
  };
  const int wide = is_big ? 8 : 4;
  put(bytes.size() + static_cast<size_t>(wide), wide);
  for (size_t page = 0; page < levels.size(); ++page) {
    const std::vector<std::pair<int, uint64_t>> tags{{254, page < kinds.size() ? kinds[page] : 0},
                                                     {256, 12},
                                                     {257, 8},
                                                     {258, 8},
                                                     {259, 1},
                                                     {262, 1},
                                                     {273, 0},
                                                     {277, 1},
                                                     {278, 8},
                                                     {279, num_pixels}};
    const size_t end = bytes.size() + (is_big ? 8 : 2) + tags.size() * (is_big ? 20 : 12) +
                       static_cast<size_t>(wide);
    put(tags.size(), is_big ? 8 : 2);
    for (const auto& [tag, value] : tags) {
      put(static_cast<uint64_t>(tag), 2);
      put(is_big ? 16 : 4, 2);  // LONG8 or LONG
      put(1, wide);
      put(tag == 273 ? end : value, wide);
    }
    put(page + 1 < levels.size() ? end + num_pixels : 0, wide);
    bytes.append(num_pixels, static_cast<char>(levels[page]));
  }
  return bytes;
}

TEST_F(ImageFolders, GiveEachPageOfATiffAsAFrame) {
  write_file(folder_.path() / "b.tif", tiff_stack({30, 40, 50}));
  EXPECT_THAT(levels(read_clip(folder_.path() / "b.tif")), ElementsAre(30, 40, 50));
  write_file(folder_.path() / "c.tiff", tiff_stack({60, 70}, {}, true));
  write_file(folder_.path() / "a.tif", tiff_stack({20, 99, 98}, {0, 1, 4}));  // thumbnail and mask
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_THAT(levels(clip), ElementsAre(20, 30, 40, 50, 60, 70));
  EXPECT_THAT(indices(clip), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(clip.info.container_num_frames, 6);
  EXPECT_THAT(clip.report.warnings, IsEmpty());
  EXPECT_THAT(levels(read_clip(folder_.path(), {.range = {.start = 3, .step = 2}})),
              ElementsAre(50, 70));
  EXPECT_EQ(read_image(folder_.path() / "b.tif").rgb[0], 30);
}

TEST_F(ImageFolders, WithATiffThatIsCutShortGiveItsWholePagesAndSaySo) {
  const std::string whole = tiff_stack({10, 20, 30, 40});
  write_file(folder_.path() / "a.tif", whole.substr(0, whole.size() * 5 / 8));
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_THAT(levels(clip), ElementsAre(10, 20));
  EXPECT_THAT(clip.report.warnings, Contains(HasSubstr("a.tif: pages behind page")));
  std::string loop = tiff_stack({10, 20});
  const size_t last = loop.size() - 96 - 4;
  loop.replace(last, 4, std::string("\x08\0\0\0", 4));  // the last page leads to the first
  write_file(folder_.path() / "a.tif", loop);
  EXPECT_THAT(read_clip(folder_.path()).report.warnings,
              Contains(HasSubstr("lead back to an earlier one")));
}

TEST_F(ImageFolders, OfTiffsWithJpegInsideAreRefused) {
  std::string stack = tiff_stack({10, 20});
  stack.at(stack.find("\x03\x01\x04", 0, 3) + 8) = 7;  // tag 259, Compression, a LONG
  write_file(folder_.path() / "a.tif", stack);
  const Error error = error_of([&] { open_video(folder_.path()); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("a.tif page 1"));
  EXPECT_THAT(error.notes().hint, HasSubstr("LZW"));
}

// EXIF's Orientation says where row 0 and column 0 of the stored picture are seen: 1 top left, 2
// top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
TEST_F(ImageFolders, AreTurnedAsExifSays) {
  Image image(16, 8);  // its first row and column are white, so its stored corner is found again
  for (int row = 0; row < 8; ++row) std::fill_n(image.pixel(row, 0), 3, 200);
  std::fill_n(image.pixel(0, 0), 3 * 16, 120);
  std::fill_n(image.pixel(0, 0), 3, 255);
  write_png(image, folder_.path() / "plain.png");
  const std::string png = read_file(folder_.path() / "plain.png");
  const fs::path turned = folder_.path() / "turned.png";
  for (int value = 1; value <= 8; ++value) {
    SCOPED_TRACE(value);
    std::string exif(
        "\0\0\0\x1a"
        "eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0",
        27);
    exif += static_cast<char>(value) + std::string(6, '\0') + std::string(4, '\0');
    constexpr size_t kBehindHeader = 33;
    write_file(turned, png.substr(0, kBehindHeader) + exif + png.substr(kBehindHeader));
    const ReadClip clip = read_clip(turned);
    const Image& shown = clip.frames.at(0).image;
    const bool is_transposed = value >= 5;
    ASSERT_EQ(shown.width, is_transposed ? 8 : 16);
    const bool is_right = value == 2 || value == 3 || value == 6 || value == 7;
    const bool is_bottom = value == 3 || value == 4 || value == 7 || value == 8;
    const int row = is_bottom ? shown.height - 1 : 0;
    const int col = is_right ? shown.width - 1 : 0;
    EXPECT_EQ(shown.pixel(row, col)[0], 255);
    // The stored first row lies along the shown row, or along the shown column if transposed.
    EXPECT_EQ(shown.pixel(row, shown.width / 2)[0], is_transposed ? 200 : 120);
    EXPECT_EQ(clip.report.warnings.size(), value == 1 ? 0U : 1U);
    EXPECT_EQ(read_image(turned).width, shown.width);
  }
}

TEST_F(ImageFolders, WithAsManyVideosAsPicturesAreRefused) {
  put("thumbnail.png", 1);
  write_file(folder_.path() / "day1.mp4", "a video");
  write_file(folder_.path() / "day2.MP4", "a video");
  const Error error = error_of([&] { open_video(folder_.path()); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("holds 2 videos and 1 picture"));
  EXPECT_THAT(error.notes().hint, HasSubstr("/*.mp4"));
  for (int i = 0; i < 5; ++i) put("img" + std::to_string(i) + ".png", 1);
  EXPECT_THAT(read_clip(folder_.path()).report.warnings,
              ElementsAre(HasSubstr("holds 2 videos besides its pictures")));
}

TEST_F(ImageFolders, WithAJpegThatIsCutShortKeepItAndSaySo) {
  POSSE_FFMPEG_OR_SKIP();
  const fs::path picture = folder_.path() / "a.jpg";
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i testsrc2=size=64x48 -frames:v 1 '" + picture.string() + "'"));
  EXPECT_THAT(read_clip(picture).report.warnings, IsEmpty());
  const std::string whole = read_file(picture);
  write_file(picture, whole.substr(0, whole.size() * 3 / 4));
  const ReadClip clip = read_clip(picture);
  EXPECT_THAT(clip.frames, SizeIs(1));
  EXPECT_EQ(clip.report.num_corrupt, 1);
  EXPECT_THAT(clip.report.warnings,
              ElementsAre(HasSubstr("1 picture decoded with errors in the picture, kept")));
}

TEST_F(ImageFolders, WithADamagedPictureLeaveAGap) {
  for (int i = 0; i < 4; ++i) put("img" + std::to_string(i) + ".png", static_cast<uint8_t>(10 * i));
  write_file(folder_.path() / "img2.png", "no picture");
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_THAT(indices(clip), ElementsAre(0, 1, 3));
  EXPECT_THAT(levels(clip), ElementsAre(0, 10, 30));
  EXPECT_EQ(clip.report.num_undecodable, 1);
  EXPECT_THAT(clip.report.warnings,
              ElementsAre(HasSubstr("1 of the pictures could not be decoded and is left out")));
}

TEST_F(ImageFolders, BreakOffWhereTheSizeChanges) {
  put("img0.png", 1);
  put("img1.png", 2);
  put("img2.png", 3, 30);
  put("img3.png", 4);
  const ReadClip clip = read_clip(folder_.path());
  EXPECT_THAT(levels(clip), ElementsAre(1, 2));
  EXPECT_THAT(clip.report.broke_off, HasSubstr("'img2.png' is 30x10, the first is 20x10"));
}

TEST_F(ImageFolders, WithoutPicturesAreRefused) {
  const Error error = error_of([&] { open_video(folder_.path()); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_file);
  EXPECT_THAT(error.message(), HasSubstr("holds no pictures"));
  EXPECT_THAT(error.notes().hint, HasSubstr("png"));
}

TEST(Pictures, ABigTiffWithoutPagesIsAnError) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "empty.tif";
  write_file(path, std::string("II+\0\x08\0\0\0", 8) + std::string(8, '\0'));
  const Error error = error_of([&] { read_image(path); });
  EXPECT_THAT(error.message(), ::testing::HasSubstr("empty.tif"));
}

}  // namespace
}  // namespace posse
