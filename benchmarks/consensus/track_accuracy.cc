// The track, what it rests on and what it is compared with, to be measured against labels.
//
//
// usage: posse_track_accuracy evidence OUT MEMBER... : of what `posse scoremap` wrote into the
//          members' folders (dlc rule): the members' keypoints and the frames' evidence
//        posse_track_accuracy track IN OUT [name=value ...] : tracks it
//          groups=0,1;2,3  members=0,2,4 (keypoints only)  step=K  start=S  lag=L|all
//          sigma, jump, hide, appear, unseen, power, inflation, floor, chance_cells, error_memory
//          same_x=4,1;5,2  same_line=4,1;5,2 (found)  axis_cells, axis_apart (AgreementOptions)
//          from=points (as posse consensus --method track, of the members' keypoints)  cell=PX
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/npy.h"
#include "consensus/track/agreeing_views.h"
#include "consensus/track/epipolar_lines.h"
#include "consensus/track/evidence_bytes.h"
#include "consensus/track/evidence_finder.h"
#include "consensus/track/look_alikes.h"
#include "consensus/track/smoothed_track.h"
#include "consensus/track/table_evidence.h"
#include "consensus/track/table_track.h"
#include "consensus/track/tracker.h"
#include "keypoints/decode.h"
#include "smoothing/models/single_camera.h"

namespace {
using namespace posse;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T>
void put(std::ofstream& file, const T& value) {
  file.write(reinterpret_cast<const char*>(&value), sizeof(T));
}
template <class T>
T get(std::ifstream& file) {
  T value{};
  file.read(reinterpret_cast<char*>(&value), sizeof(T));
  return value;
}

int write_evidence(int argc, char** argv) {
  struct Maps {
    Tensor logits, locref;
  };
  std::vector<Maps> members;
  for (int i = 3; i < argc; ++i) {
    const std::string folder = argv[i];
    members.push_back({read_npy(folder + "/logits.npy"), read_npy(folder + "/locref.npy")});
  }
  if (members.empty())
    throw Error(ErrorKind::usage, "evidence: name the folders that posse scoremap wrote");
  for (const Maps& member : members) {
    if (member.logits.shape() != members.front().logits.shape())
      throw Error(ErrorKind::shape_mismatch, "evidence: the members' maps differ in shape");
  }
  const Shape shape = members.front().logits.shape();
  const auto frames = static_cast<size_t>(shape[0]);
  const size_t size = static_cast<size_t>(shape[1] * shape[2] * shape[3]);
  std::ofstream out(argv[2], std::ios::binary);
  if (!out) throw Error(ErrorKind::io, std::string(argv[2]) + ": cannot be written");
  put(out, static_cast<uint32_t>(members.size()));
  put(out, static_cast<uint32_t>(shape[3]));
  put(out, static_cast<uint32_t>(frames));
  EvidenceFinder finder;
  size_t bytes = 0;
  double time = 0;
  for (size_t t = 0; t < frames; ++t) {
    std::vector<MemberMap> maps;
    for (const Maps& member : members) {
      maps.push_back({.map = {.logits = member.logits.data() + t * size,
                              .locref = member.locref.data() + t * size * 2,
                              .height = static_cast<int>(shape[1]),
                              .width = static_cast<int>(shape[2]),
                              .num_bodyparts = static_cast<int>(shape[3]),
                              .locref_stdev = 1},
                      .column_of_bodypart = {},
                      .rule = DecodeRule::dlc});
      for (const Keypoint& keypoint : decode_keypoints(maps.back().map, DecodeRule::dlc)) {
        put(out, keypoint);
      }
    }
    const double start = seconds();
    const FrameEvidence evidence = finder.find(maps);
    time += seconds() - start;
    const auto record = evidence_bytes(evidence);
    put(out, static_cast<uint32_t>(record.size()));
    out.write(reinterpret_cast<const char*>(record.data()),
              static_cast<std::streamsize>(record.size()));
    bytes += record.size();
  }
  std::printf(
      "%zu frames, %.3f ms and %.0f bytes a frame and bodypart\n", frames,
      1e3 * time / static_cast<double>(frames * static_cast<size_t>(shape[3])),
      static_cast<double>(bytes) / static_cast<double>(frames * static_cast<size_t>(shape[3])));
  return 0;
}

struct Recording {
  size_t members = 0, parts = 0;
  std::vector<std::vector<Keypoint>> keypoints;  ///< [frames] of [members, parts]
  std::vector<FrameEvidence> evidence;
};

Recording read_recording(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorKind::not_found, std::string(path) + ": cannot be read");
  Recording recording;
  recording.members = get<uint32_t>(file);
  recording.parts = get<uint32_t>(file);
  const auto frames = get<uint32_t>(file);
  for (uint32_t t = 0; t < frames; ++t) {
    std::vector<Keypoint> keypoints;
    for (size_t i = 0; i < recording.members * recording.parts; ++i) {
      keypoints.push_back(get<Keypoint>(file));
    }
    recording.keypoints.push_back(std::move(keypoints));
    std::vector<uint8_t> bytes(get<uint32_t>(file));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    recording.evidence.push_back(evidence_from_bytes(bytes, recording.members, recording.parts));
  }
  return recording;
}

/// Evidence of the members' keypoints in the place of that of their maps.
void use_points(Recording& recording, double cell) {
  Poses poses;
  poses.bodyparts.resize(recording.parts);
  std::vector<Poses> members(recording.members, poses);
  for (size_t t = 0; t < recording.keypoints.size(); ++t) {
    for (size_t m = 0; m < members.size(); ++m) {
      members[m].frame_index.push_back(static_cast<int64_t>(t));
      const auto first =
          recording.keypoints[t].begin() + static_cast<std::ptrdiff_t>(m * recording.parts);
      members[m].keypoints.insert(members[m].keypoints.end(), first,
                                  first + static_cast<std::ptrdiff_t>(recording.parts));
    }
  }
  const PointGrid grid = grid_of_tables(members, cell > 0 ? cell : cell_of_members(members));
  for (size_t t = 0; t < recording.keypoints.size(); ++t) {
    std::vector<std::span<const Keypoint>> rows;
    for (const Poses& member : members) rows.push_back(member.row(t));
    recording.evidence[t] = evidence_of_points(rows, grid);
  }
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, at);) words.push_back(word);
  return words;
}

using Settings = std::map<std::string, std::string>;
double number(const Settings& settings, const std::string& name, double otherwise) {
  const auto found = settings.find(name);
  return found == settings.end() ? otherwise : std::atof(found->second.c_str());
}

std::vector<Poses> empty_members(const Recording& recording, const std::vector<size_t>& rows) {
  Poses poses;
  for (size_t p = 0; p < recording.parts; ++p) poses.bodyparts.push_back("b" + std::to_string(p));
  poses.frame_index.resize(rows.size());
  std::iota(poses.frame_index.begin(), poses.frame_index.end(), 0);
  return std::vector<Poses>(recording.members, poses);
}

void put_track(std::ofstream& out, const SmoothedTracks& tracks, size_t frames, size_t parts) {
  for (size_t t = 0; t < frames; ++t) {
    for (size_t p = 0; p < parts; ++p) {
      for (size_t c = 0; c < 2; ++c) put(out, tracks.position.at(t, 2 * p + c));
      for (size_t c = 0; c < 2; ++c) put(out, tracks.posterior_variance.at(t, 2 * p + c));
    }
  }
}

std::vector<std::pair<int, int>> pairs_in(const std::string& text) {
  std::vector<std::pair<int, int>> pairs;
  for (const std::string& pair : split(text, ';')) {
    const auto parts = split(pair, ',');
    pairs.emplace_back(std::stoi(parts.at(0)), std::stoi(parts.at(1)));
  }
  return pairs;
}

void let_views_agree(Settings& settings, Recording& recording) {
  std::vector<ViewPair> views;
  for (const auto& [a, b] : pairs_in(settings["same_x"])) {
    views.push_back(
        {.a = static_cast<size_t>(a), .b = static_cast<size_t>(b), .geometry = same_x_geometry()});
  }
  if (!settings["same_line"].empty()) {
    EpipolarLineFinder finder({{.bodyparts = pairs_in(settings["same_line"]), .given = {}}});
    for (const FrameEvidence& evidence : recording.evidence) finder.add(evidence);
    const std::vector<EpipolarLine> lines = finder.find();
    const auto e = lines.front().equation.value_or(std::array<double, 5>{});
    std::printf("%.4f x + %.4f y + %.4f x' + %.4f y' + %.2f = 0, spread %.2f px, %zu points %s\n",
                e[0], e[1], e[2], e[3], e[4], lines.front().spread, lines.front().num_points,
                lines.front().why_not.c_str());
    for (const ViewPair& pair : pairs_of({}, lines)) views.push_back(pair);
  }
  AgreementOptions options;
  options.cells = number(settings, "axis_cells", options.cells);
  options.apart = number(settings, "axis_apart", options.apart);
  for (FrameEvidence& evidence : recording.evidence)
    posse::let_views_agree(views, options, evidence);
}

int track(int argc, char** argv) {
  Settings settings;
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    settings[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  }
  Recording recording = read_recording(argv[2]);
  if (settings["from"] == "points") use_points(recording, number(settings, "cell", 0));
  const auto step = static_cast<size_t>(number(settings, "step", 1));
  std::vector<size_t> rows;
  for (auto t = static_cast<size_t>(number(settings, "start", 0)); t < recording.evidence.size();
       t += step) {
    rows.push_back(t);
  }
  std::vector<std::vector<int>> groups;
  if (settings["groups"] == "found") {
    LookAlikeOptions alike;
    if (settings["from"] == "points") alike.least_crossed = 2;  // none, as in track_of_poses
    LookAlikes look_alikes(recording.parts, alike);
    for (const size_t row : rows) look_alikes.add(recording.evidence[row]);
    groups = look_alikes.groups();
    for (const auto& group : groups) {
      for (const int part : group) std::printf("%d ", part);
      std::printf("; ");
    }
    std::printf("groups\n");
    for (size_t a = 0; a < recording.parts; ++a) {
      for (size_t b = 0; b < recording.parts; ++b)
        std::printf("%6.3f ", look_alikes.confusion(a, b));
      std::printf("   ");
      for (size_t b = 0; b < recording.parts; ++b) std::printf("%6.3f ", look_alikes.crossed(a, b));
      std::printf("   ");
      for (size_t b = 0; b < recording.parts; ++b)
        std::printf("%6.2f ", look_alikes.together(a, b));
      std::printf("\n");
    }
  } else {
    for (const std::string& group : split(settings["groups"], ';')) {
      groups.emplace_back();
      for (const std::string& part : split(group, ',')) groups.back().push_back(std::stoi(part));
    }
  }
  let_views_agree(settings, recording);  // after groups are found, as in a run
  TrackOptions options;
  MotionOptions& motion = options.tracker.motion;
  motion.step_cells = number(settings, "sigma", motion.step_cells);
  motion.jump = number(settings, "jump", motion.jump);
  motion.hide = number(settings, "hide", motion.hide);
  motion.appear = number(settings, "appear", motion.appear);
  motion.unseen_evidence = number(settings, "unseen", motion.unseen_evidence);
  options.std_inflation = number(settings, "inflation", options.std_inflation);
  options.least_std_cells = number(settings, "floor", options.least_std_cells);
  options.error_memory = number(settings, "error_memory", options.error_memory);
  options.chance_cells = number(settings, "chance_cells", options.chance_cells);
  PruningOptions& pruning = options.tracker.pruning;
  if (settings.contains("least")) pruning.least_chance = number(settings, "least", 0);
  if (settings.contains("states"))
    pruning.most_states = static_cast<size_t>(number(settings, "states", 0));
  if (settings.contains("lag") && settings.at("lag") == "all") {
    options.tracker.lag = std::nullopt;
  } else {
    options.tracker.lag = static_cast<size_t>(number(settings, "lag", kTrackLag));
  }
  const double elapsed = std::pow(static_cast<double>(step), number(settings, "power", 1));
  Tracker tracker(recording.parts, groups, options);
  std::vector<TrackedFrame> tracked;
  const double start = seconds();
  const auto keep = [&](std::vector<TrackedFrame> frames) {
    for (TrackedFrame& frame : frames) tracked.push_back(std::move(frame));
  };
  for (const size_t row : rows) {
    recording.evidence[row].frame_index = static_cast<int64_t>(row);
    keep(tracker.push(recording.evidence[row], elapsed));
  }
  keep(tracker.finish());
  const double time = seconds() - start;
  std::vector<Poses> plain = empty_members(recording, rows);
  for (const auto row : rows) {
    for (size_t m = 0; m < recording.members; ++m) {
      for (size_t p = 0; p < recording.parts; ++p) {
        plain[m].keypoints.push_back(recording.keypoints[row][m * recording.parts + p]);
      }
    }
  }
  std::ofstream out(argv[3], std::ios::binary);
  put(out, static_cast<double>(rows.size()));
  put(out, static_cast<double>(recording.parts));
  put(out, static_cast<double>(recording.members));
  for (size_t t = 0; t < rows.size(); ++t) {
    for (size_t p = 0; p < recording.parts; ++p) {
      const TrackedKeypoint& k = tracked[t].keypoints[p];
      const OtherPlace second = k.second.value_or(OtherPlace{});
      for (const double value :
           {k.keypoint.x, k.keypoint.y, k.keypoint.likelihood, k.seen ? 1.0 : 0.0, k.chance_seen,
            k.chance, k.covariance.xx, k.covariance.xy, k.covariance.yy, k.spread.xx, k.spread.xy,
            k.spread.yy, second.x, second.y, second.chance}) {
        put(out, value);
      }
    }
  }
  smooth_track(tracked, plain.front().bodyparts);
  for (const TrackedFrame& frame : tracked) {
    for (const TrackedKeypoint& k : frame.keypoints) {
      for (const double value : {k.keypoint.x, k.keypoint.y, k.covariance.xx, k.covariance.yy}) {
        put(out, value);
      }
    }
  }
  put_track(out,
            smooth_single_camera(
                plain, SingleCameraOptions{.ensemble = {.allow_one_member = true}, .tuning = {}}),
            rows.size(), recording.parts);
  for (const auto row : rows) {
    for (const Keypoint& keypoint : recording.keypoints[row]) put(out, keypoint);
  }
  std::printf("%.3f ms a frame; pruned at most %.2g; states",
              1e3 * time / static_cast<double>(rows.size()), tracker.most_pruned());
  for (size_t g = 0; g < tracker.groups().size(); ++g) {
    std::printf(" %zu:%.1f", tracker.groups()[g].size(), tracker.mean_states(g));
  }
  std::printf("\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 3 ? argv[1] : "";
  try {
    if (what == "evidence") return write_evidence(argc, argv);
    if (what == "track") return track(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  std::fprintf(stderr, "usage: %s evidence OUT MEMBER... | track IN OUT [name=value ...]\n",
               argv[0]);
  return 2;
}
