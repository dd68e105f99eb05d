#include "network/backends/cpu/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "network/backends/cpu/convolutions.h"
#include "network/backends/cpu/peak.h"

namespace posse::cpu {
namespace {

constexpr std::array kMethods = {ConvolutionMethod::direct, ConvolutionMethod::matrix,
                                 ConvolutionMethod::winograd2, ConvolutionMethod::winograd4};
constexpr std::string_view kHeader = "# posse: convolution methods by processor and shape\n";

std::filesystem::path user_cache_file() {
  const std::filesystem::path folder = user_cache_folder();
  return folder.empty() ? folder : folder / "tuning.txt";
}

/// Frames that a layer is timed with: several where its weights outweigh its maps, because those
/// are read once for all frames of a call. What a call really gets does not count: the choice is
/// the same for all.
int64_t frames_timed(const Step& step, const StepShape& shape) {
  constexpr int64_t kSeveral = 4;
  const int64_t map_floats = shape.in.height * shape.in.width * shape.in_channels +
                             shape.out.height * shape.out.width * shape.out_channels;
  const int64_t weights = int64_t{step.kernel} * step.kernel * step.weights_in * step.channels;
  return weights > map_floats ? kSeveral : 1;
}

/// One way of computing one layer, with memory of its own.
class Candidate {
 public:
  Candidate(ConvolutionMethod method, const Step& step, const StepShape& shape,
            const Machine& machine)
      : weights_(step, machine, method, convolution_shape(step, shape, machine)),
        operation_(make_convolution_operation(step, weights_, shape, machine, {})),
        frames_(frames_timed(step, shape)),
        in_(zeros(frames_ * shape.in.height * shape.in.width * shape.in_channels)),
        out_(zeros(frames_ * shape.out.height * shape.out.width * shape.out_channels)),
        scratch_(
            zeros(operation_->scratch_bytes(frames_) / static_cast<int64_t>(sizeof(float)) + 1)) {}

  double seconds() {
    StepMemory memory;
    memory.input = {in_.data(), in_.size() / frames_};
    memory.output = {out_.data(), out_.size() / frames_};
    memory.scratch = scratch_.data();
    const double start = thread_seconds();
    operation_->run(memory, 0, frames_);
    return thread_seconds() - start;
  }

 private:
  static Tensor zeros(int64_t size) {
    Tensor tensor({size});
    std::fill(tensor.values().begin(), tensor.values().end(), 0.0F);
    return tensor;
  }

  LayerWeights weights_;
  std::unique_ptr<Operation> operation_;
  int64_t frames_;
  Tensor in_, out_, scratch_;
};

}  // namespace

bool tuning_allowed() {
  const char* value = std::getenv("POSSE_TUNE");
  const std::string_view wish = value == nullptr ? "" : value;
  return wish != "off" && wish != "0";
}

TuningCache& TuningCache::of_user() {
  static TuningCache cache(user_cache_file());
  return cache;
}

void TuningCache::read() {
  is_read_ = true;
  if (file_.empty()) return;
  std::string text;
  try {
    text = read_file(file_, uint64_t{1} << 20);
  } catch (const Error&) {
    return;  // none yet, or not ours to read
  }
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t tab = line.rfind('\t');
    if (line.starts_with('#') || tab == std::string::npos) continue;
    choices_[line.substr(0, tab)] = line.substr(tab + 1);
  }
}

std::optional<ConvolutionMethod> TuningCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (!is_read_) read();
  const auto found = choices_.find(key);
  if (found == choices_.end()) return std::nullopt;
  for (const ConvolutionMethod method : kMethods) {
    if (to_string(method) == found->second) return method;
  }
  return std::nullopt;
}

void TuningCache::store(const std::string& key, ConvolutionMethod method) {
  const std::lock_guard lock(mutex_);
  read();  // other processes may have added theirs
  choices_[key] = to_string(method);
  if (file_.empty()) return;
  std::string text(kHeader);
  for (const auto& [shape, choice] : choices_) text += shape + "\t" + choice + "\n";
  try {
    write_file(file_, text);
  } catch (const Error&) {
    // A read-only home or a full disk: the choice holds for this process.
  }
}

std::string tuning_key(const Step& step, const StepShape& shape, const Machine& machine) {
  return fmt::format("{}; {}; oneDNN {}; {}>{} {}x{} k{} s{} d{}{}{}", cpu_model(),
                     title_of(machine.kernels->set), onednn_version(), shape.in_channels,
                     shape.out_channels, shape.in.height, shape.in.width, step.kernel, step.stride,
                     step.dilation, step.residual >= 0 ? " sum" : "",
                     frames_timed(step, shape) > 1 ? " frames" : "");
}

ConvolutionMethod tuned_method(const Step& step, const StepShape& shape, const Machine& machine,
                               std::span<const ConvolutionMethod> candidates, TuningCache& cache) {
  POSSE_ASSERT(!candidates.empty());
  if (candidates.size() == 1) return candidates.front();
  // One layer at a time: members compiled side by side must come to one choice.
  const std::lock_guard one_at_a_time(cache.tuning());
  const auto is_candidate = [&](ConvolutionMethod method) {
    return std::find(candidates.begin(), candidates.end(), method) != candidates.end();
  };
  // Networks that must not use large tiles keep choices of their own.
  const bool small_tiles =
      is_candidate(ConvolutionMethod::winograd2) && !is_candidate(ConvolutionMethod::winograd4);
  const std::string key = tuning_key(step, shape, machine) + (small_tiles ? " small tiles" : "");
  const auto known = cache.find(key);
  if (known && is_candidate(*known)) {
    return *known;
  }
  const OneDnnThreads threads(1);  // time is counted on this thread alone
  std::vector<std::unique_ptr<Candidate>> ways;
  for (const ConvolutionMethod method : candidates) {
    ways.push_back(std::make_unique<Candidate>(method, step, shape, machine));
  }
  constexpr int kRounds = 8;
  constexpr double kClearly = 0.97;  // a smaller lead may be chance
  std::vector<double> best(ways.size(), INFINITY);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < ways.size(); ++i) best[i] = std::min(best[i], ways[i]->seconds());
  }
  const auto fastest = std::min_element(best.begin(), best.end());
  const ConvolutionMethod choice = *fastest < kClearly * best.front()
                                       ? candidates[static_cast<size_t>(fastest - best.begin())]
                                       : candidates.front();
  cache.store(key, choice);
  return choice;
}

}  // namespace posse::cpu
