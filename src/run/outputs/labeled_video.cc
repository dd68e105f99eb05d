#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "run/outputs/drawn_poses.h"
#include "run/outputs/outputs.h"
#include "video/overlay.h"
#include "video/video_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// The skeleton of the first member's config as pairs of columns; lines to bodyparts that are left
/// out are dropped.
std::vector<std::pair<size_t, size_t>> skeleton_of(const Ensemble& ensemble) {
  const auto& bodyparts = ensemble.bodyparts();
  const auto& config = ensemble.members().front().member.config;
  std::vector<std::pair<size_t, size_t>> lines;
  if (!config) return lines;
  const auto column = [&](const std::string& name) {
    return static_cast<size_t>(std::find(bodyparts.begin(), bodyparts.end(), name) -
                               bodyparts.begin());
  };
  for (const auto& [from, to] : config->skeleton) {
    if (column(from) < bodyparts.size() && column(to) < bodyparts.size())
      lines.emplace_back(column(from), column(to));
  }
  return lines;
}

VideoWriterOptions writer_options(const VideoInfo& video, int num_threads) {
  constexpr double kHighestRate = 1e6;
  const bool is_known = video.fps > 0 && video.fps <= kHighestRate;
  return {.fps = is_known ? video.fps : 30, .num_threads = num_threads};
}

class LabeledVideo : public RunOutput {
 public:
  explicit LabeledVideo(const RunSetting& setting)
      : path_(setting.paths.consensus("_labeled.mp4")),
        video_(setting.video),
        info_(setting.info),
        range_(setting.options.frames),
        num_threads_(setting.ensemble.num_threads()),
        bodyparts_(setting.ensemble.bodyparts()),
        style_{.skeleton = skeleton_of(setting.ensemble)} {
    // As many bytes as the input has: H.264 of the same pictures.
    std::error_code folder;
    const auto bytes = fs::file_size(video_, folder);
    const double frames = static_cast<double>(setting.info.container_num_frames.value_or(0));
    if (!folder && frames > 0) bytes_per_frame_ = static_cast<double>(bytes) / frames;
  }

  std::string name() const override { return "labelled video"; }
  std::vector<fs::path> files() const override { return {path_}; }
  double bytes_per_frame() const override { return bytes_per_frame_; }
  void check() const override;
  void append(const FrameResult& result) override;
  void finish() override {
    if (writer_) writer_->finish();  // a video of no frame is no video
  }
  std::vector<std::string> warnings() const override;

 private:
  fs::path path_;
  fs::path video_;
  VideoInfo info_;
  FrameRange range_;
  int num_threads_;
  std::vector<std::string> bodyparts_;
  OverlayStyle style_;
  double bytes_per_frame_ = 0;
  std::unique_ptr<VideoReader> reader_;
  std::optional<VideoWriter> writer_;
  VideoFrame frame_;
};

void LabeledVideo::check() const {
  try {
    VideoWriter::check(path_, info_.width, info_.height, writer_options(info_, num_threads_));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", info_.path.string(), error.message()),
                {.have = error.notes().have,
                 .hint = error.notes().hint + "; without --labeled-video the tables are written"});
  }
}

std::vector<std::string> LabeledVideo::warnings() const {
  std::vector<std::string> warnings;
  if (!writer_) return warnings;
  for (const std::string& sentence : writer_->warnings())
    warnings.push_back("Labelled video: " + sentence);
  return warnings;
}

void LabeledVideo::append(const FrameResult& result) {
  if (!reader_) {
    reader_ = open_video(video_, {.range = range_});
    const VideoInfo& info = reader_->info();
    writer_.emplace(
        path_, info.width, info.height,
        VideoWriterOptions{.fps = info.fps > 0 ? info.fps : 30, .num_threads = num_threads_});
  }
  if (!reader_->read(frame_) || frame_.frame_index != result.frame_index) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: frame {} cannot be read a second time",
                                                 video_.string(), result.frame_index));
  }
  draw_frame(shown_frame(bodyparts_, result), style_, frame_.image);
  writer_->write(frame_.image, range_.step == 1 ? frame_.time_seconds : std::nan(""));
}

}  // namespace

std::unique_ptr<RunOutput> make_labeled_video(const RunSetting& setting) {
  return std::make_unique<LabeledVideo>(setting);
}

}  // namespace posse
