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
  int threads = 0;                        ///< 0: all this process may use
  int batch = 0;                          ///< frames per network call; 0: chosen by frame size
  bool low_memory = false;
  int members_at_once = 0;  ///< whose networks are in memory together; 0: those that fit
  bool tune = true;
};

/// Calls visit(name, field, placeholder, help) for every option; `name` without dashes.
template <class Options, class Visitor>
requires std::same_as<std::remove_const_t<Options>, EnsembleOptions>
void describe(Options& options, const Visitor& visit) {
  visit("snapshot", options.snapshot, "NAME",
        "of every member: a name, newest, best, all or an index (default: the config's, else "
        "newest)");
  visit("shuffle", options.shuffle, "N",
        "shuffle whose network is used (default: the only one there is, else 1)");
  visit("training-set-index", options.training_set_index, "N",
        "position in the config's TrainingFraction (default 0)");
  visit("iteration", options.iteration, "N",
        "iteration folder of dlc-models (default: the config's)");
  visit("decode", options.decode, "RULE",
        "keypoints by the DGP rule (soft-argmax) or the DLC rule (argmax + locref); lp-correct: as "
        "auto, without the pixel that Lightning Pose is off for downsample_factor 3");
  visit("resize", options.resize, "METHOD",
        "of frames for Lightning Pose members: float as the tool's OpenCV reader of videos, "
        "antialias as its DALI reader, linear on bytes as its single frames, cubic on bytes as its "
        "labelled pictures");
  visit("batch-norm", options.batch_norm, "auto|frame|batch:N|moving",
        "statistics of batch norm: of each frame; of N consecutive frames, as DeepLabCut takes "
        "them in MobileNets with batch size N; or the stored moving ones (default auto)");
  visit("output-stride", options.output_stride, "N",
        "of a bare snapshot without pose_cfg.yaml: 8, 16 or 32 (default 16)");
  visit("no-crop", options.no_crop, "",
        "do not cut frames to the box of config.yaml's 'cropping' before the network");
  visit("common-bodyparts", options.common_bodyparts, "",
        "members with different bodyparts: use those all have");
  visit("bodypart-map", options.bodypart_map, "OLD=NEW,...",
        "members with other names for the same bodyparts: call OLD NEW, wherever a member has it");
  visit("skip-broken-members", options.skip_broken_members, "",
        "leave out members that cannot be opened, with a warning, instead of stopping");
  visit("backend", options.backend, "NAME",
        "cpu, reference or onnxruntime (default: POSSE_BACKEND, else cpu)");
  visit("device", options.device, "DEVICE",
        "where networks run: cpu, cuda, cuda:N, tensorrt, coreml, openvino, directml or webgpu, "
        "all but cpu through ONNX Runtime; auto: the best that works (default cpu)");
  visit("ort-library", options.ort_library, "FILE",
        "ONNX Runtime's library (default: POSSE_ORT_LIBRARY, else the one that is found)");
  visit("precision", options.precision, "",
        "of networks on a device: fp16 or tf32 where frames of the video show that keypoints stay "
        "where they are, else an error");
  visit("threads", options.threads, "N",
        "worker threads (default 0: all that this process may use)");
  visit("batch", options.batch, "N",
        "frames per network call (default 0: by frame size); does not change results");
  visit("low-memory", options.low_memory, "",
        "keep network weights in their smallest form; slower");
  visit("members-at-once", options.members_at_once, "N",
        "networks in memory together, the others run after them; does not change results (default "
        "0: all, or those that half of the memory holds)");
  visit("tune", options.tune, "on|off",
        "time kernels once per layer and shape and keep the fastest (default on)");
}

}  // namespace posse
