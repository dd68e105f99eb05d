#include "ensemble/member_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"
#include "checkpoint/weight_source.h"
#include "ensemble/member_network.h"
#include "ensemble/torch_network.h"
#include "network/load_network.h"

namespace posse {
namespace {

constexpr int kMostListed = 20;  // snapshots and shuffles of a text; JSON has all

SnapshotInfo look_into(const WeightSource& weights) {
  SnapshotInfo info;
  info.num_shards = weights.num_data_files();
  const std::vector<WeightInfo> variables = weights.list();
  info.num_variables = static_cast<int>(variables.size());
  std::map<std::string, VariableGroup> groups;
  std::map<std::string, int> types;
  for (const WeightInfo& variable : variables) {
    VariableGroup& group = groups[variable.name.substr(0, variable.name.find_first_of("/."))];
    ++group.num_variables;
    group.num_bytes += variable.num_bytes;
    info.num_bytes += variable.num_bytes;
    if (variable.dtype != "float32") ++types[variable.dtype];
  }
  for (auto& [name, group] : groups) {
    group.name = printable(name);
    info.groups.push_back(group);
  }
  std::stable_sort(info.groups.begin(), info.groups.end(),
                   [](const auto& a, const auto& b) { return a.num_bytes > b.num_bytes; });
  for (const auto& [type, count] : types) {
    info.other_types.push_back(
        fmt::format("{} ({} variable{})", type, count, count == 1 ? "" : "s"));
  }
  return info;
}

void recognise(const WeightSource& weights, const Member& member, SnapshotInfo& info) {
  try {
    const NetworkSpec spec = weights.kernel_axes() == KernelAxes::torch
                                 ? torch_network(member, weights)
                                 : detect_network(weights);
    info.network = net_type(spec);
    info.num_bodyparts = spec.num_bodyparts;
    info.has_locref = spec.has_locref;
    info.unused_heads = spec.unused_heads;
    info.preparation = preparation_of(spec, shaping_of(member, ResizeChoice::linear_float));
  } catch (const Error& error) {
    info.why_no_network = error.message();
  }
}

std::string with_dashes(std::string net) {
  std::replace(net.begin(), net.end(), '_', '-');
  return net;
}

/// The checkpoint decides; that the settings say otherwise is worth a warning.
void compare_with_settings(MemberInfo& info) {
  const PoseConfig& pose = info.member.pose;
  const SnapshotInfo& snapshot = *info.snapshot;
  if (!pose.net_type.empty() && with_dashes(pose.net_type) != with_dashes(*snapshot.network)) {
    info.warnings.push_back(fmt::format(
        "pose_cfg.yaml names the network {}, the snapshot holds {}; the snapshot counts",
        printable(pose.net_type), *snapshot.network));
  }
  if (pose.location_refinement.value_or(false) && !snapshot.has_locref) {
    info.warnings.emplace_back(
        "pose_cfg.yaml asks for location refinement, the snapshot has no head for it");
  }
}

std::string program_of(SnapshotKind kind) {
  if (kind == SnapshotKind::dlc3) {
    return "DeepLabCut 3, PyTorch; keypoints by argmax and location refinement (--decode dlc)";
  }
  if (kind == SnapshotKind::lp) return "Lightning Pose; keypoints by its sub-pixel soft-argmax";
  return kind == SnapshotKind::dgp ? "DeepGraphPose; keypoints by soft-argmax (--decode dgp)"
                                   : "DeepLabCut; keypoints by argmax and location refinement "
                                     "(--decode dlc)";
}

/// "2.1 MB"
std::string megabytes(int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

void add_network(Sheet& sheet, const MemberInfo& info) {
  if (!info.snapshot) return;
  const SnapshotInfo& snapshot = *info.snapshot;
  sheet.add("file", snapshot.format);
  if (snapshot.network) {
    sheet.add("network", fmt::format("{}, {} bodyparts, {} location refinement", *snapshot.network,
                                     snapshot.num_bodyparts, snapshot.has_locref ? "with" : "no"));
    for (const std::string& head : snapshot.unused_heads) {
      sheet.add("network", fmt::format("head '{}' is for training only and not used", head));
    }
  }
  std::string line =
      fmt::format("{} in {} data file{}, {}:", snapshot.num_variables, snapshot.num_shards,
                  snapshot.num_shards == 1 ? "" : "s", megabytes(snapshot.num_bytes));
  const size_t shown = std::min<size_t>(snapshot.groups.size(), 5);
  for (size_t i = 0; i < shown; ++i) {
    line += fmt::format("{} {} {}", i == 0 ? "" : ",", snapshot.groups[i].name,
                        snapshot.groups[i].num_variables);
  }
  if (shown < snapshot.groups.size()) line += ", ...";
  sheet.add("variables", line);
  for (const std::string& type : snapshot.other_types) sheet.add("variables", "also " + type);
}

/// What a network sees of frames, for people.
void add_frames(Sheet& sheet, const MemberInfo& info) {
  if (!info.member.torch || !info.snapshot) return;
  const std::string& preparation = info.snapshot->preparation;
  sheet.add("frames", preparation.empty() ? "as they are, not resized" : preparation);
  const TorchConfig& torch = *info.member.torch;
  sheet.add("frames",
            fmt::format("red, green, blue: (byte - {:g}, {:g}, {:g}) / {:g}, {:g}, {:g}",
                        torch.mean_pixel[0], torch.mean_pixel[1], torch.mean_pixel[2],
                        torch.input_scale[0], torch.input_scale[1], torch.input_scale[2]));
}

void add_alternatives(Sheet& sheet, const Member& member) {
  int listed = 0;
  for (auto it = member.snapshots.rbegin(); it != member.snapshots.rend(); ++it) {
    if (++listed > kMostListed) {
      sheet.add("snapshots", fmt::format("... ({} in all)", member.snapshots.size()));
      break;
    }
    std::string line = fmt::format("{:<26}  ", printable(it->name));
    line += it->name == member.snapshot.name ? "chosen"
                                             : fmt::format("--snapshot {}", printable(it->name));
    if (it->test_error) line += fmt::format("  (test error {} px)", *it->test_error);
    if (!it->has_data) line += "  (.data missing)";
    sheet.add("snapshots", line);
  }
  if (member.model_folders.size() < 2) return;
  listed = 0;
  for (const ModelFolder& folder : member.model_folders) {
    if (++listed > kMostListed) {
      sheet.add("shuffles", fmt::format("... ({} in all)", member.model_folders.size()));
      break;
    }
    const bool chosen = member.model_folder && folder.path == member.model_folder->path;
    sheet.add("shuffles",
              fmt::format("{:<26}  {}  ({} snapshots)", printable(folder.path.filename().string()),
                          chosen ? "chosen" : option_for(member, folder), folder.num_snapshots));
  }
}

Json json_of(const Snapshot& snapshot, bool chosen) {
  Json json = Json::object({{"name", printable(snapshot.name)},
                            {"kind", to_string(snapshot.parsed.kind)},
                            {"has_data", snapshot.has_data},
                            {"chosen", chosen}});
  if (snapshot.parsed.number >= 0) json["training_iterations"] = snapshot.parsed.number;
  if (snapshot.test_error) json["test_error_px"] = *snapshot.test_error;
  return json;
}

Json json_of(const SnapshotInfo& info) {
  Json json = Json::object({{"format", info.format},
                            {"data_files", info.num_shards},
                            {"count", info.num_variables},
                            {"bytes", info.num_bytes},
                            {"groups", Json::array()},
                            {"other_types", info.other_types}});
  for (const VariableGroup& group : info.groups) {
    json["groups"].push_back(Json::object(
        {{"name", group.name}, {"count", group.num_variables}, {"bytes", group.num_bytes}}));
  }
  return json;
}

Json json_of_network(const SnapshotInfo& info) {
  if (!info.network) return nullptr;
  return Json::object({{"type", *info.network},
                       {"bodyparts", info.num_bodyparts},
                       {"location_refinement", info.has_locref},
                       {"unused_heads", info.unused_heads}});
}

Json json_of(const ModelFolder& folder, const Member& member) {
  return Json::object(
      {{"folder", printable(folder.path.string())},
       {"iteration", folder.iteration},
       {"training_percent", folder.percent},
       {"shuffle", folder.shuffle},
       {"snapshots", folder.num_snapshots},
       {"options", option_for(member, folder)},
       {"chosen", member.model_folder && folder.path == member.model_folder->path}});
}

}  // namespace

std::string option_for(const Member& member, const ModelFolder& folder) {
  std::string option = fmt::format("--shuffle {}", folder.shuffle);
  if (!member.config) return option;
  if (folder.iteration != member.config->iteration) {
    option += fmt::format(" --iteration {}", folder.iteration);
  }
  const std::vector<double>& fractions = member.config->training_fractions;
  for (size_t i = 0; i < fractions.size(); ++i) {
    if (training_percent(fractions[i]) != folder.percent) continue;
    if (i > 0) option += fmt::format(" --training-set-index {}", i);
    break;
  }
  return option;
}

MemberInfo describe_member(Member member, bool verify) {
  MemberInfo info{.member = std::move(member)};
  info.warnings = info.member.warnings;
  info.bodyparts = info.member.bodyparts;
  if (!info.member.snapshot.has_data) {
    info.problems.emplace_back(
        "the snapshot's .data file is missing: only names and shapes of its variables are known");
  }
  if (info.member.config && !info.member.config->cropping_problem.empty()) {
    info.problems.push_back(info.member.config->cropping_problem);
  }
  try {
    const std::shared_ptr<const WeightSource> weights = open_weights(info.member.snapshot.prefix);
    info.snapshot = look_into(*weights);
    info.snapshot->format = weights->format();
    complete_from_weights(info.member, *weights);
    info.bodyparts = info.member.bodyparts;
    recognise(*weights, info.member, *info.snapshot);
    if (info.snapshot->network) {
      compare_with_settings(info);
      info.bodyparts = bodyparts_for(info.member, info.snapshot->num_bodyparts);
      const bool mobilenet = info.snapshot->network->starts_with("mobilenet");
      std::string note = batch_norm_note(info.member, mobilenet);
      if (!note.empty()) info.notes.push_back(std::move(note));
    } else {
      info.problems.push_back(info.snapshot->why_no_network);
    }
    if (verify) {
      info.verified = true;
      for (std::string& problem : weights->verify()) info.problems.push_back(std::move(problem));
    }
  } catch (const Error& error) {
    info.problems.push_back(error.message());
  }
  return info;
}

std::string to_text(const MemberInfo& info) {
  const Member& member = info.member;
  Sheet sheet(fmt::format("{}  ({})", printable(member.name), printable(member.path.string())));
  if (member.config) {
    const ProjectConfig& config = *member.config;
    sheet.add("project", fmt::format("{} of {}, labelled by {}", config.task, config.date,
                                     config.scorer.empty() ? "nobody named" : config.scorer));
    sheet.add("project", printable(member.project_folder.string()));
  }
  add_network(sheet, info);
  add_frames(sheet, info);
  if (!info.bodyparts.empty()) sheet.add("bodyparts", list_names(info.bodyparts, 30));
  sheet.add("snapshot", fmt::format("{} ({})", printable(member.snapshot.name),
                                    program_of(member.snapshot.parsed.kind)));
  sheet.add("scorer", printable(member.scorer));
  if (member.config && member.config->cropping) {
    const CropBox& box = *member.config->cropping;
    sheet.add("cropping",
              fmt::format("frames are cut to columns {} to {}, rows {} to {} (config.yaml)", box.x1,
                          box.x2, box.y1, box.y2));
  }
  for (const std::string& reason : member.reasons) sheet.add("chosen", reason);
  add_alternatives(sheet, member);
  for (const std::string& note : info.notes) sheet.add("note", note);
  for (const std::string& warning : info.warnings) sheet.add("warning", warning);
  if (info.verified && info.problems.empty()) sheet.add("verified", "every checksum is right");
  for (const std::string& problem : info.problems) sheet.add("problem", problem);
  return sheet.take();
}

Json to_json(const MemberInfo& info) {
  const Member& member = info.member;
  Json json =
      Json::object({{"path", printable(member.path.string())}, {"name", printable(member.name)}});
  json["project"] = nullptr;
  if (member.config) {
    json["project"] = Json::object({{"folder", printable(member.project_folder.string())},
                                    {"task", member.config->task},
                                    {"date", member.config->date},
                                    {"labelled_by", member.config->scorer}});
    if (member.config->cropping) {
      const CropBox& box = *member.config->cropping;
      json["project"]["cropping"] = Json::array({box.x1, box.x2, box.y1, box.y2});
    }
  }
  json["network"] = info.snapshot ? json_of_network(*info.snapshot) : Json(nullptr);
  json["bodyparts"] = info.bodyparts;
  json["snapshot"] = Json::object({{"name", printable(member.snapshot.name)},
                                   {"prefix", printable(member.snapshot.prefix.string())},
                                   {"has_data", member.snapshot.has_data}});
  json["decode"] = to_string(member.snapshot.parsed.kind);
  json["scorer"] = printable(member.scorer);
  json["variables"] = info.snapshot ? json_of(*info.snapshot) : Json(nullptr);
  if (member.torch && info.snapshot) {
    json["frames"] = Json::object({{"preparation", info.snapshot->preparation},
                                   {"mean", member.torch->mean_pixel},
                                   {"scale", member.torch->input_scale}});
  }
  json["chosen"] = member.reasons;
  json["snapshots"] = Json::array();
  for (const Snapshot& snapshot : member.snapshots) {
    json["snapshots"].push_back(json_of(snapshot, snapshot.name == member.snapshot.name));
  }
  json["shuffles"] = Json::array();
  for (const ModelFolder& folder : member.model_folders) {
    json["shuffles"].push_back(json_of(folder, member));
  }
  json["notes"] = info.notes;
  json["warnings"] = info.warnings;
  json["problems"] = info.problems;
  if (info.verified) json["verified"] = info.problems.empty();
  return json;
}

}  // namespace posse
