#include "run/smoothed_run.h"

#include <array>
#include <span>
#include <vector>

#include "results/table/table_writer.h"
#include "run/smoothed_tables.h"
#include "smoothing/filter/causal_filter.h"
#include "smoothing/models/single_camera.h"

namespace posse {
namespace {

void write_smoother(const Ensemble& ensemble, const ResultPaths& paths, const JournalKey& key) {
  std::vector<Poses> members(ensemble.members().size(), Poses{.bodyparts = ensemble.bodyparts()});
  const auto bodyparts = static_cast<std::ptrdiff_t>(ensemble.bodyparts().size());
  JournalReader journal(paths.journal, key);
  for (FrameResult result; journal.read(result);) {
    auto begin = result.members.begin();
    for (Poses& member : members) {
      member.frame_index.push_back(result.frame_index);
      member.keypoints.insert(member.keypoints.end(), begin, begin + bodyparts);
      begin += bodyparts;
    }
  }
  const SmoothedTracks tracks = smooth_single_camera(
      members, {.ensemble = {.allow_one_member = true}, .num_threads = ensemble.num_threads()});
  write_smoothed(paths.smoothed, tracks);
  if (!paths.smoothed_wide_csv.empty()) write_smoothed_wide(paths.smoothed_wide_csv, tracks);
}

void write_filter(const Ensemble& ensemble, const ResultPaths& paths, const JournalKey& key) {
  const size_t bodyparts = ensemble.bodyparts().size();
  CausalFilter filter(bodyparts, {.ensemble = {.allow_one_member = true}});
  const bool with_variance = paths.smoothed.extension() == ".h5";
  TableWriterOptions options;
  if (with_variance) {
    options.extras = {{.name = "filtered_variance",
                       .axes = {"bodyparts", "xy"},
                       .extents = {static_cast<int64_t>(bodyparts), 2},
                       .description = "Variance of the filtered position, in square pixels."}};
  }
  PoseTableWriter writer(paths.smoothed, "ensemble-kalman_filter", ensemble.bodyparts(), options);
  JournalReader journal(paths.journal, key);
  for (FrameResult result; journal.read(result);) {
    std::vector<std::span<const Keypoint>> members;
    for (size_t m = 0; m < ensemble.members().size(); ++m) {
      members.emplace_back(result.members.data() + m * bodyparts, bodyparts);
    }
    const CausalFrame filtered = filter.push(members);
    const Poses row{.bodyparts = ensemble.bodyparts(),
                    .frame_index = {result.frame_index},
                    .keypoints = filtered.keypoints};
    const std::array<std::span<const double>, 1> variance = {filtered.variance};
    writer.append(row, with_variance ? std::span<const std::span<const double>>(variance)
                                     : std::span<const std::span<const double>>());
  }
  writer.finish();
}

}  // namespace

void write_smoothed_run(const Ensemble& ensemble, const ResultPaths& paths,
                        const RunOptions& options, const JournalKey& key) {
  if (options.smooth == SmoothChoice::causal) {
    write_filter(ensemble, paths, key);
  } else {
    write_smoother(ensemble, paths, key);
  }
}

}  // namespace posse
