/// Options of an ensemble: declared once; the command line, Python and docs/cli.md are made from
/// describe().
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "network/graphs_choice.h"
#include "network/precision.h"

namespace posse {

/// How a member's scoremaps become keypoints; automatic: by the program that trained it.
/// lp_correct: as automatic, but the whole shift of Lightning Pose's maps is taken back.
enum class DecodeChoice { automatic, dgp, dlc, lp_correct };

/// How frames become the picture of a Lightning Pose network, whose size is fixed.
enum class ResizeChoice {
  linear_float,  ///< linear, without antialiasing, not rounded: the tool's OpenCV reader
  antialias,     ///< linear over all pixels that a cell covers, not rounded: its DALI reader
  linear_bytes,  ///< OpenCV's on bytes: its predict_frame
  cubic_bytes,   ///< the same, cubic: its labelled pictures
};

/// Where the mean and variance of batch norm come from.
struct BatchNormChoice {
  enum class Source {
    automatic,  ///< as the network was run when it was trained (MobileNetV2: frame, others: moving)
    frame,      ///< each frame's own
    batch,      ///< of MobileNetV2: those of num_frames consecutive frames; others: automatic
    moving,     ///< the stored ones
  };
  Source source = Source::automatic;
  int num_frames = 0;  ///< of batch: 1 to 1,000

  /// "auto", "frame", "moving" or "batch:N". @throws Error(usage)
  static BatchNormChoice parse(std::string_view text);
  std::string to_string() const;
};

template <>
struct EnumNames<DecodeChoice> {
  static constexpr std::array<std::pair<std::string_view, DecodeChoice>, 4> kNames{
      {{"auto", DecodeChoice::automatic},
       {"dgp", DecodeChoice::dgp},
       {"dlc", DecodeChoice::dlc},
       {"lp-correct", DecodeChoice::lp_correct}}};
};
template <>
struct EnumNames<ResizeChoice> {
  static constexpr std::array<std::pair<std::string_view, ResizeChoice>, 4> kNames{
      {{"float", ResizeChoice::linear_float},
       {"antialias", ResizeChoice::antialias},
       {"linear", ResizeChoice::linear_bytes},
       {"cubic", ResizeChoice::cubic_bytes}}};
};
/// Old names and new ones of "old=new,old=new"; empty for an empty text.
/// @throws Error(usage) for a part without a name on both sides of "=", or a name given twice
std::vector<std::pair<std::string, std::string>> parse_bodypart_map(std::string_view text);

/// Which networks, and how they run.
struct EnsembleOptions {
  std::string snapshot;                   ///< empty: config.yaml's snapshotindex, else the newest
  std::optional<int> shuffle;             ///< empty: the only one, else 1
  std::optional<int> training_set_index;  ///< into TrainingFraction; empty: 0
  std::optional<int> iteration;           ///< of dlc-models; empty: config.yaml's
  DecodeChoice decode = DecodeChoice::automatic;
  ResizeChoice resize = ResizeChoice::linear_float;
  BatchNormChoice batch_norm;
  std::optional<int> output_stride;  ///< for a bare snapshot without a pose_cfg.yaml; 8, 16 or 32
  bool no_crop = false;
  bool common_bodyparts = false;
  std::string bodypart_map;  ///< "old=new,old=new": other names for members' bodyparts
  bool skip_broken_members = false;
  std::string backend;                    ///< empty: the best available
  std::string device;                     ///< as BackendWish::device (network/backend.h)
  std::string ort_library;                ///< file of ONNX Runtime's library; empty: looked for
  Precision precision = Precision::fp32;  ///< below fp32 see Ensemble::check_precision
  GraphsChoice graphs = GraphsChoice::automatic;
  int threads = 0;  ///< 0: all this process may use
  int batch = 0;    ///< frames per network call; 0: chosen by frame size
  bool low_memory = false;
  int members_at_once = 0;  ///< whose networks are in memory together; 0: those that fit
  bool tune = true;
};

/// Calls visit(name, field, placeholder, help) for every option; `name` without dashes.
template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, EnsembleOptions>
void describe(Options& options, const Visitor& visit) {
  visit("snapshot", options.snapshot, "NAME",
        "choose each member's snapshot: a name, newest, best, all (each a member of its own), or "
        "its position in the list, counted from 0 (default: the one that config.yaml names, else "
        "the newest)");
  visit("shuffle", options.shuffle, "N",
        "number of the shuffle whose network is used (default: the only one there is, else 1)");
  visit("training-set-index", options.training_set_index, "N",
        "position in config.yaml's TrainingFraction, counted from 0 (default 0)");
  visit("iteration", options.iteration, "N",
        "number of the iteration folder in dlc-models (default: the one in config.yaml)");
  visit("decode", options.decode, "RULE",
        "rule that turns maps into keypoints: dgp (soft-argmax), dlc (argmax + locref), auto (the "
        "rule of the tool that trained the member), or lp-correct (as auto, but Lightning Pose "
        "with downsample_factor 3 is not off by a pixel)");
  visit("resize", options.resize, "METHOD",
        "way of resizing frames for Lightning Pose members: float as the tool's OpenCV reader of "
        "videos, antialias as its DALI reader, linear on bytes as its single frames, cubic on "
        "bytes as its labelled pictures");
  visit("batch-norm", options.batch_norm, "auto|frame|batch:N|moving",
        "statistics that batch norm uses: frame takes those of each frame, batch:N those of N "
        "consecutive frames (as DeepLabCut does in MobileNets with batch size N), moving the "
        "stored ones; auto: frame for MobileNets, moving for others (default auto)");
  visit("output-stride", options.output_stride, "N",
        "output stride of a bare snapshot without pose_cfg.yaml: 8, 16 or 32 (default 16)");
  visit("no-crop", options.no_crop, "",
        "give networks whole frames, not the box of config.yaml's 'cropping'");
  visit("common-bodyparts", options.common_bodyparts, "",
        "use only the bodyparts that all members have");
  visit("bodypart-map", options.bodypart_map, "OLD=NEW,...",
        "rename bodyparts, so that members with other names fit together: call OLD NEW wherever a "
        "member has it");
  visit("skip-broken-members", options.skip_broken_members, "",
        "leave out members that cannot be opened, with a warning, instead of stopping");
  visit("backend", options.backend, "NAME",
        "backend that computes the networks: cpu, reference or onnxruntime (default: "
        "POSSE_BACKEND, else cpu)");
  visit("device", options.device, "DEVICE",
        "device that the networks run on: cpu, cuda, cuda:N, tensorrt, coreml, mlx, openvino, "
        "directml "
        "or webgpu, all but cpu through ONNX Runtime; auto: the best that works (default cpu)");
  visit("ort-library", options.ort_library, "FILE",
        "file of ONNX Runtime's library (default: POSSE_ORT_LIBRARY, else the one that is found)");
  visit("precision", options.precision, "",
        "arithmetic of the networks on a device: fp16 or tf32 only where frames of the video show "
        "that keypoints stay where they are, else it is an error");
  visit("graphs", options.graphs, "",
        "graphs that a device makes of the members: one for all, or several that run one after "
        "another; auto: the faster way, measured once and kept; does not change results");
  visit("threads", options.threads, "N",
        "number of worker threads (default 0: all that this process may use)");
  visit("batch", options.batch, "N",
        "frames per network call; does not change results (default 0: chosen by frame size)");
  visit("low-memory", options.low_memory, "",
        "keep network weights in their smallest form; runs slower");
  visit("members-at-once", options.members_at_once, "N",
        "networks that are in memory together, the others run after them; does not change results "
        "(default 0: all, or as many as half of the memory holds)");
  visit("tune", options.tune, "on|off",
        "time the kernels once per layer and shape and keep the fastest (default on)");
}

}  // namespace posse
