#include "network/onnx_meaning.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

using Ints = std::vector<int64_t>;

/// Nodes whose names begin alike.
class Nodes {
 public:
  Nodes(std::string prefix, OnnxModel& model) : prefix_(std::move(prefix)), model_(model) {
    POSSE_ASSERT(model.opset().version >= kTorchOpset.version);
  }

  std::string apply(const std::string& op, const std::string& part,
                    const std::vector<std::string>& inputs) {
    return model_.node(op, prefix_ + part, inputs);
  }
  std::string number(const std::string& part, double value) {
    return model_.constant(prefix_ + part, Tensor({1}, std::array{static_cast<float>(value)}));
  }
  /// The highest value of each map: [frames, bodyparts, 1, 1].
  std::string highest(const std::string& maps) {
    return model_.node("ReduceMax", prefix_ + "/highest", {maps}, {{"axes", Ints{2, 3}}});
  }
  std::string sum(const std::string& maps) {
    return model_.node("ReduceSum", prefix_ + "/sum",
                       {maps, model_.constant(prefix_ + "/sum/axes", Ints{2, 3})});
  }

 private:
  std::string prefix_;
  OnnxModel& model_;
};

/// logit of a probability, kept within the limits of a peak.
std::string limited_logit(const std::string& probability, Nodes& nodes) {
  // In float32 the highest number below 1 is beyond the limit, so logits are cut, not
  // probabilities.
  const double below_one = 1 - static_cast<double>(std::numeric_limits<float>::epsilon()) / 2;
  const std::string p = nodes.apply("Clip", "/peak/p",
                                    {probability, nodes.number("/peak/least", kLeastPeak),
                                     nodes.number("/peak/below_one", below_one)});
  const std::string rest =
      nodes.apply("Log", "/peak/log_rest",
                  {nodes.apply("Sub", "/peak/rest", {nodes.number("/peak/one", 1), p})});
  const std::string logit =
      nodes.apply("Sub", "/peak/logit", {nodes.apply("Log", "/peak/log", {p}), rest});
  const double most = std::log((1 - kLeastPeak) / kLeastPeak);
  return nodes.apply(
      "Clip", "/peak",
      {logit, nodes.number("/peak/lowest", -most), nodes.number("/peak/highest", most)});
}

std::string common_meaning_of_bumps(const std::string& maps, Nodes& nodes) {
  const std::string highest = nodes.highest(maps);
  const std::string peak = limited_logit(highest, nodes);
  const std::string share = nodes.apply(
      "Max", "/share",
      {nodes.apply("Div", "/ratio", {maps, highest}), nodes.number("/least_share", kLeastShare)});
  const std::string sharpened = nodes.apply(
      "Mul", "/sharpened",
      {nodes.apply("Log", "/log_share", {share}), nodes.number("/sharpening", kSharpening)});
  // A map without a value above 0 keeps its order.
  const std::string below = nodes.apply("Sub", "/below", {maps, highest});
  const std::string positive =
      nodes.apply("Greater", "/positive", {highest, nodes.number("/0", 0)});
  return nodes.apply("Add", "",
                     {peak, nodes.apply("Where", "/chosen", {positive, sharpened, below})});
}

std::string common_meaning_of_spatial_logits(const std::string& maps, Nodes& nodes) {
  const std::string below = nodes.apply("Sub", "/below", {maps, nodes.highest(maps)});
  const std::string sum = nodes.sum(nodes.apply("Exp", "/exp", {below}));
  const std::string mass =
      nodes.apply("Div", "/mass", {nodes.number("/sharpest", 1 / kSharpestMass), sum});
  const std::string sharpened =
      nodes.apply("Mul", "/sharpened", {below, nodes.number("/sharpening", kSharpening)});
  return nodes.apply("Add", "", {sharpened, limited_logit(mass, nodes)});
}

}  // namespace

std::string common_meaning_nodes(MapMeaning meaning, const std::string& maps,
                                 const std::string& name, OnnxModel& model) {
  if (meaning == MapMeaning::logits) return maps;
  Nodes nodes(name, model);
  return meaning == MapMeaning::bump ? common_meaning_of_bumps(maps, nodes)
                                     : common_meaning_of_spatial_logits(maps, nodes);
}

std::string heatmap_nodes(MapMeaning meaning, const std::string& maps, const std::string& name,
                          OnnxModel& model) {
  POSSE_ASSERT(meaning != MapMeaning::logits);
  if (meaning == MapMeaning::bump) return maps;
  Nodes nodes(name, model);
  const std::string below = nodes.apply("Sub", "/below", {maps, nodes.highest(maps)});
  const std::string masses = nodes.apply("Exp", "/exp", {below});
  return nodes.apply("Div", "", {masses, nodes.sum(masses)});
}

}  // namespace posse
