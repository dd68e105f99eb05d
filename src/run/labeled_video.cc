#include "run/labeled_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "consensus/keypoint_consensus.h"
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

void draw(const Ensemble& ensemble, const FrameResult& result, const OverlayStyle& style,
          Image& image) {
  const size_t bodyparts = result.consensus.size();
  std::vector<Keypoint> consensus;
  std::vector<Covariance> spread;
  std::vector<Keypoint> members(ensemble.members().size());
  for (size_t part = 0; part < bodyparts; ++part) {
    consensus.push_back(result.consensus[part].keypoint);
    for (size_t m = 0; m < members.size(); ++m) members[m] = result.members[m * bodyparts + part];
    spread.push_back(consensus_of_keypoints(members, {}).covariance);
  }
  FramePoses poses{.bodyparts = ensemble.bodyparts(), .consensus = consensus, .covariance = spread};
  for (size_t m = 0; m < ensemble.members().size(); ++m) {
    poses.members.emplace_back(result.members.data() + m * bodyparts, bodyparts);
  }
  poses.frame_index = result.frame_index;
  draw_poses(image, poses, style);
}

VideoWriterOptions writer_options(const Ensemble& ensemble, const VideoInfo& video) {
  constexpr double kHighestRate = 1e6;
  const bool is_known = video.fps > 0 && video.fps <= kHighestRate;
  return {.fps = is_known ? video.fps : 30, .num_threads = ensemble.num_threads()};
}

}  // namespace

void check_labeled_video(const Ensemble& ensemble, const VideoInfo& video,
                         const ResultPaths& paths) {
  if (paths.labeled_video.empty()) return;
  try {
    VideoWriter::check(paths.labeled_video, video.width, video.height,
                       writer_options(ensemble, video));
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", video.path.string(), error.message()),
                {.have = error.notes().have,
                 .hint = error.notes().hint + "; without --labeled-video the tables are written"});
  }
}

bool write_labeled_video(const Ensemble& ensemble, const fs::path& video, const ResultPaths& paths,
                         const RunOptions& options, const JournalKey& key,
                         const RunContext& context, std::vector<std::string>& warnings) {
  const auto reader = open_video(video, {.range = options.frames});
  JournalReader journal(paths.journal, key);
  const VideoInfo& info = reader->info();
  VideoWriter writer(paths.labeled_video, info.width, info.height, writer_options(ensemble, info));
  const OverlayStyle style{.skeleton = skeleton_of(ensemble)};
  const double start = seconds_now();
  int64_t done = 0;
  VideoFrame frame;
  for (FrameResult result; journal.read(result) && reader->read(frame);) {
    if (context.stop != nullptr && context.stop->requested()) return false;
    POSSE_ASSERT(frame.frame_index == result.frame_index);
    draw(ensemble, result, style, frame.image);
    writer.write(frame.image, options.frames.step == 1 ? frame.time_seconds : std::nan(""));
    ++done;
    if (context.progress) {
      context.progress({.stage = "labelled video",
                        .item = video.filename().string(),
                        .done = done,
                        .total = info.container_num_frames,
                        .elapsed_seconds = seconds_now() - start});
    }
  }
  if (done > 0) writer.finish();
  for (const std::string& sentence : writer.warnings())
    warnings.push_back("Labelled video: " + sentence);
  return true;
}

}  // namespace posse
