/// A network as the CPU backend runs it: the graph's nodes fused into fewer steps, with the weights
/// folded. Pure data, the same for every frame size; network.h makes it run.
///
/// A batch norm with stored statistics disappears into the convolution before it (in double,
/// rounded once); activations and additions become a convolution's epilogue; a batch norm with the
/// frame's own statistics becomes a scale and shift that is computed per frame and, before a
/// depthwise convolution, applied when that reads its input; with those of a batch, once for all
/// its frames. A transposed convolution is a 1x1 convolution to kernel * kernel * channels columns,
/// which are then added into place.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"
#include "network/graph.h"

namespace posse::cpu {

using ValueId = int;

/// What flows between steps.
struct Value {
  enum class Kind {
    picture,  ///< the preprocessed frame, three channels, unpadded, as a first convolution reads it
    map,      ///< [height, width, channels], channels padded to whole vectors
    affine,   ///< scale [channels] and shift [channels], padded likewise
  };
  Kind kind = Kind::map;
  int channels = 0;  ///< without padding
  NodeId node = 0;   ///< whose extent it has
};

enum class StepKind {
  preprocess,   ///< frames to `output`
  convolution,  ///< any kernel, with epilogue
  depthwise,    ///< with normalised input, epilogue and statistics
  statistics,   ///< `input` to the affine `statistics`
  pointwise,    ///< activation(input * scale + shift + residual)
  multiply,     ///< input [h, w, c] times second [1, 1, c]
  max_pool,
  subsample,
  global_mean,
  overlap_add,  ///< columns of a transposed convolution to its output
  pixel_shuffle,
  resize,  ///< of a picture or a map, or of the frames themselves where it has no input
  concat,  ///< channels of `parts`
};

/// Which output of the network a step writes besides (or instead of) its value.
enum class Head { none, scoremap_logits, locref };

struct Step {
  StepKind kind = StepKind::preprocess;
  std::string name;  ///< of the last node that went into it
  ValueId input = -1;
  ValueId residual = -1;  ///< added before the activation; of multiply: the factor
  ValueId affine = -1;    ///< scale and shift applied to the input (depthwise, pointwise)
  ValueId output = -1;
  ValueId statistics = -1;  ///< affine made from the output (depthwise) or the input (statistics)
  Activation input_activation = Activation::none;  ///< after `affine`, of a depthwise step
  Activation activation = Activation::none;
  // Geometry, of steps with a window.
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  PaddingRule padding = PaddingRule::same;
  int channels = 0;    ///< of the output, unpadded
  int weights_in = 0;  ///< input channels of a convolution, unpadded
  // Folded weights; empty where the step has none.
  Tensor weights;            ///< [out, in, k, k] of a convolution, [k, k, channels] of a depthwise
  std::vector<float> bias;   ///< [channels]; also the constant shift of a pointwise step
  std::vector<float> scale;  ///< constant scale of a pointwise step
  std::vector<float> gamma, beta;  ///< of statistics
  double epsilon = 0;
  int group_channels = 0;      ///< of statistics: channels of a group; 0: each by itself
  Extent resized;              ///< of resize
  bool antialias = false;      ///< of resize
  std::vector<ValueId> parts;  ///< of concat, whose input is the first of them
  bool over_batch = false;     ///< the statistics are of all frames that are run together
  Head head = Head::none;      ///< set on the step that makes a network output
};

struct Program {
  std::vector<Value> values;
  std::vector<Step> steps;
  /// Values known at the start (-1 where the program starts from frames) and wanted at the end (-1
  /// where it ends in the heads).
  ValueId entry = -1;
  ValueId exit = -1;
};

/// For each value the index of the last step that reads it, or -1.
std::vector<int> last_uses(const Program& program);

/// Values that `step` reads, in no particular order.
std::vector<ValueId> values_read(const Step& step);

}  // namespace posse::cpu
