/// Arrays of several networks: consensus, track and smoothing in memory; and errors against labels.
#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "ensemble/options.h"
#include "library/border.h"
#include "library/option_text.h"
#include "study/evaluate_job.h"
#include "study/evaluation_json.h"
#include "table_jobs/consensus_job.h"
#include "table_jobs/smooth_jobs.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// What a posse_result points to.
struct ResultMemory {
  std::vector<double> keypoints, covariances, chance_seen, smoothing;
  std::string warnings;
};

std::vector<std::string> names_of(const posse_poses& table, size_t member) {
  std::vector<std::string> names = lines_of(table.bodyparts);
  if (names.empty()) {
    for (size_t p = 0; p < table.num_bodyparts; ++p) names.push_back(std::to_string(p + 1));
  }
  if (names.size() != table.num_bodyparts) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("member {} has {} bodyparts and {} names", member + 1,
                            table.num_bodyparts, names.size()));
  }
  std::set<std::string> known;
  for (const std::string& name : names) {
    if (known.insert(name).second) continue;
    throw Error(ErrorKind::invalid_value, fmt::format("member {}: two bodyparts are named '{}'",
                                                      member + 1, printable(name)));
  }
  return names;
}

Poses poses_of(const posse_poses& given, size_t member) {
  const posse_poses table = read_struct(&given, "members");
  const size_t count = table.num_frames * table.num_bodyparts;
  if (count > 0) require(table.keypoints, "keypoints");
  Poses poses{.bodyparts = names_of(table, member)};
  for (size_t row = 0; row < table.num_frames; ++row) {
    poses.frame_index.push_back(table.frame_index == nullptr ? static_cast<int64_t>(row)
                                                             : table.frame_index[row]);
    if (row > 0 && poses.frame_index[row] <= poses.frame_index[row - 1]) {
      throw Error(ErrorKind::invalid_value,
                  fmt::format("member {}: frame number {} follows {}; they must rise", member + 1,
                              poses.frame_index[row], poses.frame_index[row - 1]));
    }
  }
  poses.keypoints.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const double* point = table.keypoints + 3 * i;
    poses.keypoints.push_back({point[0], point[1], point[2]});
  }
  return poses;
}

/// @param members  structs that are as large as the first one says
JobInputs inputs_of(const posse_poses* members, size_t num_members) {
  require(members, "members");
  const size_t size = read_struct(members, "members").struct_size;
  JobInputs inputs;
  for (size_t m = 0; m < num_members; ++m) {
    const auto* bytes = reinterpret_cast<const char*>(members) + m * size;
    inputs.poses.push_back({.name = fmt::format("member {}", m + 1),
                            .camera = "",
                            .poses = poses_of(*reinterpret_cast<const posse_poses*>(bytes), m)});
  }
  return inputs;
}

void append(std::vector<double>& array, const Keypoint& point) {
  array.insert(array.end(), {point.x, point.y, point.likelihood});
}

void append(std::vector<double>& array, const Covariance& covariance) {
  array.insert(array.end(), {covariance.xx, covariance.xy, covariance.yy});
}

void give(std::unique_ptr<ResultMemory> memory, const JobReport& report, size_t num_frames,
          size_t num_bodyparts, posse_result* result) {
  for (const std::string& warning : report.warnings)
    memory->warnings += (memory->warnings.empty() ? "" : "\n") + warning;
  const auto or_null = [](const std::vector<double>& array) {
    return array.empty() ? nullptr : array.data();
  };
  write_struct({.struct_size = 0,
                .num_frames = num_frames,
                .num_bodyparts = num_bodyparts,
                .keypoints = memory->keypoints.data(),
                .covariances = memory->covariances.data(),
                .chance_seen = or_null(memory->chance_seen),
                .smoothing = or_null(memory->smoothing),
                .warnings = memory->warnings.c_str(),
                .memory = memory.get()},
               result);
  static_cast<void>(memory.release());
}

/// @throws Error(usage) for a struct without room for `memory`, which could never be freed
void check_result(const posse_result* result) {
  read_struct(result, "result");
  if (result->struct_size < offsetof(posse_result, memory) + sizeof(void*))
    throw Error(ErrorKind::usage, "result: struct_size is too small");
}

void consensus(const JobInputs& inputs, const char* options, posse_result* result) {
  const auto [formed, report] =
      run_consensus(inputs, {}, options_of<ConsensusJobOptions>(options), {});
  auto memory = std::make_unique<ResultMemory>();
  for (const KeypointConsensus& point : formed.details) {
    append(memory->keypoints, point.keypoint);
    append(memory->covariances, point.covariance);
  }
  for (const TrackedKeypoint& point : formed.track)
    memory->chance_seen.push_back(point.chance_seen);
  give(std::move(memory), report, formed.poses.num_frames(), formed.poses.num_bodyparts(), result);
}

void smooth(const JobInputs& inputs, const char* options, posse_result* result) {
  const auto [tracks, report] =
      run_smooth_single(inputs, {}, options_of<SmoothSingleOptions>(options), {});
  auto memory = std::make_unique<ResultMemory>();
  const Poses poses = tracks.poses();
  for (const Keypoint& point : poses.keypoints) append(memory->keypoints, point);
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    const double* variance = tracks.posterior_variance.row(row);
    for (size_t p = 0; p < poses.num_bodyparts(); ++p)
      append(memory->covariances, Covariance{variance[2 * p], 0, variance[2 * p + 1]});
  }
  for (const SmoothingParameter& parameter : tracks.parameters)
    memory->smoothing.push_back(parameter.s);
  give(std::move(memory), report, poses.num_frames(), poses.num_bodyparts(), result);
}

/// For C's free().
char* copy_of(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

std::string evaluation(const char* members, const char* labels, const char* options) {
  std::vector<fs::path> paths;
  for (const std::string& path : lines_of(members)) paths.emplace_back(path);
  EvaluateOptions judged;
  EnsembleOptions networks;
  const OptionText reader(options);
  describe(judged, reader);
  describe(networks, reader);
  reader.finish();
  return to_json(evaluate(paths, labels, judged, networks)).dump(2);
}

}  // namespace
}  // namespace posse

extern "C" {

void posse_free(void* text) { std::free(text); }

void posse_free_result(posse_result* result) {
  if (result == nullptr || result->struct_size < sizeof(posse_result)) return;
  delete static_cast<posse::ResultMemory*>(result->memory);
  const posse_result empty{.struct_size = result->struct_size};
  posse::write_struct(empty, result);
}

posse_status posse_consensus(const posse_poses* members, size_t num_members, const char* options,
                             posse_result* result) {
  return posse::guarded([&] {
    posse::check_result(result);
    posse::consensus(posse::inputs_of(members, num_members), options, result);
  });
}

posse_status posse_smooth(const posse_poses* members, size_t num_members, const char* options,
                          posse_result* result) {
  return posse::guarded([&] {
    posse::check_result(result);
    posse::smooth(posse::inputs_of(members, num_members), options, result);
  });
}

posse_status posse_evaluate(const char* members, const char* labels, const char* options,
                            char** json) {
  return posse::guarded([&] {
    posse::require(members, "members");
    posse::require(labels, "labels");
    posse::require(json, "json");
    *json = posse::copy_of(posse::evaluation(members, labels, options));
  });
}

}  // extern "C"
