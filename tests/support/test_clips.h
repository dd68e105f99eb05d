/// Makes clips with the ffmpeg command for tests of video, and decodes with it as a second opinion.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "video/video_reader.h"

namespace posse::testing {

inline bool has_ffmpeg() {
  static const bool kFound = std::system("ffmpeg -version >/dev/null 2>&1") == 0;
  return kFound;
}

/// Runs `ffmpeg <arguments>`; true if it succeeded. Words with blanks must be quoted for the shell.
inline bool run_ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -y -v error " + arguments + " 2>/dev/null";
  return std::system(command.c_str()) == 0;
}

/// The RGB bytes of all frames as the command line tool decodes them, one frame after the other.
inline std::string ffmpeg_rgb(const std::filesystem::path& video, int width, int height) {
  const TemporaryFolder folder;
  const std::filesystem::path raw = folder.path() / "raw";
  run_ffmpeg("-i '" + video.string() + "' -vf scale=" + std::to_string(width) + ":" +
             std::to_string(height) +
             " -sws_flags bicubic -pix_fmt rgb24 -vsync passthrough -f rawvideo '" + raw.string() +
             "'");
  return std::filesystem::exists(raw) ? read_file(raw) : std::string();
}

struct ReadClip {
  VideoInfo info;
  VideoReport report;
  std::vector<VideoFrame> frames;
};

inline ReadClip read_clip(const std::filesystem::path& path,
                          const VideoReaderOptions& options = {}) {
  const auto reader = open_video(path, options);
  ReadClip clip;
  VideoFrame frame;
  while (reader->read(frame)) clip.frames.push_back(frame);
  clip.info = reader->info();
  clip.report = reader->report();
  return clip;
}

inline std::string rgb_of(const ReadClip& clip) {
  std::string all;
  for (const VideoFrame& frame : clip.frames) {
    all.append(reinterpret_cast<const char*>(frame.image.rgb.data()), frame.image.rgb.size());
  }
  return all;
}

}  // namespace posse::testing

#define POSSE_FFMPEG_OR_SKIP() \
  if (!::posse::testing::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg command is not installed"
