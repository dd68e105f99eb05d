#include "ensemble/member_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "ensemble/torch_network.h"
#include "network/load_network.h"

namespace posse {
namespace {

/// "mobilenet_v2_0.35" and "mobilenet-v2-0.35" are the same network.
std::string normalized(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// @param usual  as the network was run when it was trained
BatchNormMode batch_norm_mode(const BatchNormChoice& choice, BatchNormMode usual) {
  switch (choice.source) {
    case BatchNormChoice::Source::automatic:
      return usual;
    case BatchNormChoice::Source::frame:
      return BatchNormMode::frame;
    case BatchNormChoice::Source::moving:
      return BatchNormMode::moving;
    case BatchNormChoice::Source::batch:
      return usual == BatchNormMode::frame && choice.num_frames > 1 ? BatchNormMode::batch : usual;
  }
  POSSE_ASSERT(false);
}

void apply_pose_config(const Member& member, const EnsembleOptions& options, NetworkSpec& spec,
                       std::vector<std::string>& warnings) {
  const PoseConfig& pose = member.pose;
  spec.output_stride = pose.output_stride;
  spec.deconvolution_stride = pose.deconvolution_stride;
  spec.mean_pixel = pose.mean_pixel;
  if (options.output_stride) {
    if (!pose.file.empty() && *options.output_stride != pose.output_stride) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: was trained with output stride {}, --output-stride says {}",
                              pose.file.string(), pose.output_stride, *options.output_stride),
                  {.hint = "--output-stride is for snapshots without a pose_cfg.yaml"});
    }
    spec.output_stride = *options.output_stride;
  }
  spec.batch_norm_mode = batch_norm_mode(options.batch_norm, spec.batch_norm_mode);
  const std::string found = net_type(spec);
  if (!pose.net_type.empty() && normalized(pose.net_type) != normalized(found)) {
    warnings.push_back(fmt::format("{} says {}, the snapshot holds a {}: the snapshot is believed",
                                   pose.file.string(), pose.net_type, found));
  }
}

DecodeRule rule_for(const Member& member, const NetworkSpec& spec, const EnsembleOptions& options,
                    std::vector<std::string>& warnings) {
  if (options.decode == DecodeChoice::dgp) return DecodeRule::dgp;
  const SnapshotKind kind = member.snapshot.parsed.kind;
  if (kind == SnapshotKind::lp && options.decode != DecodeChoice::dlc) {
    return options.decode == DecodeChoice::lp_correct ? DecodeRule::lp_correct : DecodeRule::lp;
  }
  const bool dlc = options.decode == DecodeChoice::dlc || kind != SnapshotKind::dgp;
  if (dlc && !spec.has_locref) {
    warnings.emplace_back(
        "the network has no location refinement: keypoints lie at the centres of cells");
  }
  return dlc ? DecodeRule::dlc : DecodeRule::dgp;
}

std::optional<CropBox> crop_of(const Member& member, const EnsembleOptions& options) {
  if (options.no_crop || !member.config) return std::nullopt;
  if (!member.config->cropping_problem.empty()) {
    throw Error(ErrorKind::bad_file, member.config->cropping_problem,
                {.hint = "correct x1, x2, y1 and y2, or use whole frames with --no-crop"});
  }
  return member.config->cropping;
}

}  // namespace

std::string batch_norm_of(const MemberNetwork& member) {
  if (member.spec.batch_norm_mode != BatchNormMode::batch)
    return std::string(to_string(member.spec.batch_norm_mode));
  return fmt::format("batch:{}", member.batch_norm_frames);
}

std::string preparation_of(const MemberNetwork& member) {
  return preparation_of(member.spec, member.shaping);
}

std::string preparation_of(const NetworkSpec& spec, const PictureShaping& shaping) {
  const TorchSpec& torch = spec.torch;
  if (!torch.resized) return to_string(shaping);
  return fmt::format("resized to {}x{} pixels, linear{}, in float", torch.resized->width,
                     torch.resized->height, torch.antialias ? ", antialiased" : "");
}

std::string input_settings_of(const MemberNetwork& member) {
  if (!member.member.torch) return "";
  return fmt::format("{}; (byte - {}) / {}; meaning {}; stdev {}; {} doublings",
                     preparation_of(member), fmt::join(member.spec.mean_pixel, ","),
                     fmt::join(member.spec.input_scale, ","), static_cast<int>(member.meaning),
                     member.locref_stdev(), member.member.torch->downsample_factor);
}

std::string batch_norm_note(const Member& member, bool frame_statistics) {
  if (!frame_statistics || !member.config || member.snapshot.parsed.kind != SnapshotKind::dlc) {
    return "";
  }
  const std::optional<int> given = member.config->batch_size;
  const int batch_size = given.value_or(kUsualBatchSize);
  if (batch_size < 2) return "";
  return fmt::format(
      "{1}: DeepLabCut normalises this network over {0} frames at a "
      "time, posse over each frame, as DeepLabCut does with batch_size 1; many points differ by "
      "more than a pixel from a table of DeepLabCut's, without being better or worse; "
      "--batch-norm batch:{0} gives DeepLabCut's own",
      batch_size,
      given ? fmt::format("config.yaml's batch_size is {}", batch_size)
            : fmt::format("config.yaml does not give batch_size, which DeepLabCut takes for {}",
                          batch_size));
}

MemberNetwork open_network(const Member& given, const EnsembleOptions& options) {
  std::shared_ptr<const WeightSource> weights = open_weights(given.snapshot.prefix);
  Member member = given;
  complete_from_weights(member, *weights);
  const bool of_torch = weights->kernel_axes() == KernelAxes::torch;
  NetworkSpec spec =
      of_torch ? torch_network(member, *weights, options.resize) : detect_network(*weights);
  std::vector<std::string> warnings = member.warnings;
  if (!of_torch) apply_pose_config(member, options, spec, warnings);
  std::vector<std::string> bodyparts = bodyparts_for(member, spec.num_bodyparts);
  const DecodeRule rule = rule_for(member, spec, options, warnings);
  Graph graph = build_graph(spec);
  const int batch_norm_frames =
      spec.batch_norm_mode == BatchNormMode::batch ? options.batch_norm.num_frames : 1;
  if (!member.pose.file.empty() && std::abs(member.pose.stride - graph.stride) > 1e-9) {
    warnings.push_back(fmt::format(
        "{} says stride {}, the network's cells are {} pixels apart: the network is believed",
        member.pose.file.string(), member.pose.stride, graph.stride));
  }
  std::string fingerprint = weights->fingerprint();
  return {.member = member,
          .name = member.name,
          .bodyparts = std::move(bodyparts),
          .weights = std::move(weights),
          .spec = std::move(spec),
          .graph = std::move(graph),
          .batch_norm_frames = batch_norm_frames,
          .rule = rule,
          .meaning = map_meaning(member),
          .crop = crop_of(member, options),
          .shaping = shaping_of(member, options.resize),
          .weights_sha256 = std::move(fingerprint),
          .warnings = std::move(warnings)};
}

}  // namespace posse
