#include "study/judge/video_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/table/extra_reader.h"
#include "results/table/table_reader.h"
#include "run/input_identity.h"
#include "run/run_record.h"
#include "study/scores/distance_summary.h"
#include "study/scores/gaussian_scores.h"
#include "video/image_file.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr size_t kMostBins = 10;
constexpr size_t kLeastLabels = 10;
constexpr size_t kLeastBins = 3;

fs::path table_of(const fs::path& results) {
  if (!is_folder(results)) return results;
  for (const fs::path& entry : entries_of_folder(results))
    if (ascii_lower(entry.extension().string()) == ".h5") return entry;
  std::string below;  // a run's --out holds a folder for each video
  for (const fs::path& entry : entries_of_folder(results))
    if (below.empty() && is_folder(entry)) below = entry.string();
  throw Error(
      ErrorKind::not_found, fmt::format("{}: holds no consensus .h5", results.string()),
      {.hint = below.empty()
                   ? "posse run --out OUT writes it to OUT/<video>; --format csv has none"
                   : fmt::format("results lie in a folder of the video's name: {}", below)});
}

void check_video(const fs::path& table, const RecordedRun& record, const SpreadOf& of) {
  for (const fs::path& video : of.videos)
    if (identify_input(video).sha256 == record.video.sha256) return;
  const std::string stem = record.video.path.stem().string();
  const bool is_named = std::find(of.folders.begin(), of.folders.end(), stem) != of.folders.end();
  std::string have = of.videos.empty() ? "labels of " + list_names(of.folders)
                                       : "--video " + of.videos[0].string();
  if (of.videos.empty() && is_named) {
    if (of.picture.empty() || record.width == 0) return;
    const Image picture = read_image(of.picture);
    if (picture.width == record.width && picture.height == record.height) return;
    have = fmt::format("its frames are {}x{}, the picture {} is {}x{}", record.width, record.height,
                       of.picture.filename().string(), picture.width, picture.height);
  }
  throw Error(ErrorKind::usage,
              fmt::format("{}: are results of another video: {}", table.string(),
                          record.video.path.filename().string()),
              {.have = have,
               .hint = "--video-results takes the results of the video that the labels are of; "
                       "--video names that video"});
}

/// Names of those of `members` whose networks, read by the same rule, are not among `others`.
std::vector<std::string> strangers(std::vector<RecordedMember> others,
                                   std::span<const RecordedMember> members) {
  std::vector<std::string> names;
  for (const RecordedMember& member : members) {
    const auto same = std::find_if(others.begin(), others.end(), [&](const RecordedMember& other) {
      return other.weights_sha256 == member.weights_sha256 && other.decode == member.decode;
    });
    if (same == others.end()) {
      names.push_back(member.decode.empty() ? member.name
                                            : member.name + " (" + member.decode + ")");
    } else {
      others.erase(same);
    }
  }
  return names;
}

void check_members(const fs::path& table, const RecordedRun& record, const SpreadOf& of) {
  if (of.members.empty()) return;
  const std::vector<std::string> more = strangers(of.members, record.members);
  const std::vector<std::string> fewer = strangers(record.members, of.members);
  if (more.empty() && fewer.empty()) return;
  std::string have;
  if (!more.empty()) have = "only in the results: " + list_names(more);
  if (!fewer.empty())
    have += (have.empty() ? "" : "; ") + ("only among the members here: " + list_names(fewer));
  throw Error(ErrorKind::usage, fmt::format("{}: are results of other members", table.string()),
              {.have = have,
               .hint = "the members' spread is compared, so that both have to be of the same "
                       "networks, read by the same rule (--decode)"});
}

void check_record(const fs::path& table, const SpreadOf& of) {
  if (kind_of_path(table) == PathKind::absent) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there are no results here", table.string()),
                {.hint = "--video-results takes OUT/<video> of posse run --out OUT, or the .h5 in "
                         "it"});
  }
  const auto record = read_run_record(table.parent_path() / "run.json");
  if (!record) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: has no run.json beside it that says of which video it is",
                            table.string()));
  }
  check_video(table, *record, of);
  check_members(table, *record, of);
}

}  // namespace

VideoSpread read_video_spread(const fs::path& results, const SpreadOf& of) {
  const std::vector<std::string>& bodyparts = of.bodyparts;
  VideoSpread video{.table = table_of(results), .spreads = {}};
  check_record(video.table, of);
  const std::vector<std::string> names = read_pose_table(video.table).table.poses.bodyparts;
  const ExtraValues std = read_extra(video.table, "members_std");
  if (std.extents.size() != 3 || std.extents[1] != names.size() || std.extents[2] != 2) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: members_std does not fit the table", video.table.string()));
  }
  for (size_t p = 0; p < names.size(); ++p) {
    if (std::find(bodyparts.begin(), bodyparts.end(), names[p]) == bodyparts.end()) continue;
    for (size_t row = 0; row < std.extents[0]; ++row) {
      const double* xy = std.values.data() + (row * names.size() + p) * 2;
      const double spread = xy[0] * xy[0] + xy[1] * xy[1];
      if (!std::isnan(spread)) video.spreads.push_back(spread);
    }
  }
  if (video.spreads.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: has none of the bodyparts {}", video.table.string(),
                            list_names(bodyparts)),
                {.have = list_names(names)});
  }
  return video;
}

VideoCoverage video_coverage(std::span<const StatedError> errors, const VideoSpread& video) {
  std::vector<double> sorted = video.spreads;
  std::sort(sorted.begin(), sorted.end());
  struct Bin {
    double share = 0, points = 0, within = 0;
  };
  std::vector<Bin> bins(kMostBins);
  std::vector<double> edges;
  for (size_t b = 1; b < kMostBins; ++b)
    edges.push_back(quantile_of_sorted(sorted, static_cast<double>(b) / kMostBins));
  const auto bin_of = [&](double spread) {
    return static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), spread) -
                               edges.begin());
  };
  for (const double spread : sorted)
    bins[bin_of(spread)].share += 1 / static_cast<double>(sorted.size());
  VideoCoverage coverage{.video = std::nan("")};
  double points = 0, within = 0;
  for (const StatedError& e : errors) {
    if (std::isnan(e.order)) continue;
    const double bound = e.bounds[2] > 0 ? e.bounds[2] : region_bound(0.9);
    const bool is_within = squared_mahalanobis(e.dx, e.dy, e.covariance) <= bound;
    Bin& bin = bins[bin_of(e.order)];
    bin.points += 1;
    bin.within += is_within ? 1 : 0;
    points += 1;
    within += is_within ? 1 : 0;
  }
  coverage.labelled = points > 0 ? within / points : std::nan("");
  std::vector<Bin> merged;
  for (const Bin& bin : bins) {
    const bool joins = !merged.empty() && (merged.back().points < kLeastLabels);
    if (!joins) merged.emplace_back();
    merged.back().share += bin.share;
    merged.back().points += bin.points;
    merged.back().within += bin.within;
  }
  if (merged.size() > 1 && merged.back().points < kLeastLabels) {
    const Bin last = merged.back();
    merged.pop_back();
    merged.back().share += last.share;
    merged.back().points += last.points;
    merged.back().within += last.within;
  }
  coverage.num_bins = merged.size();
  if (merged.size() < kLeastBins) return coverage;
  coverage.video = 0;
  for (const Bin& bin : merged) coverage.video += bin.share * bin.within / bin.points;
  return coverage;
}

}  // namespace posse
