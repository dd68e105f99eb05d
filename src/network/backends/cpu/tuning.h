/// Chooses how to compute a convolution by timing the ways there are, once per processor and shape.
///
/// Ways differ in their last bits, so that a choice is kept: in <cache>/posse/tuning.txt, <cache>
/// being XDG_CACHE_HOME or ~/.cache, one line per shape: processor, instruction set, shape, way.
/// The file may be deleted at any time. It is only read and written when tuning is on
/// (BackendOptions::tune, and POSSE_TUNE is not "off") and the frame size is known at load.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "network/backends/cpu/layer_weights.h"
#include "network/backends/cpu/operations.h"

namespace posse::cpu {

/// Choices by shape, on disk. Thread-safe. A file that cannot be read or written is as good as
/// none: tuning then happens again in the next process.
class TuningCache {
 public:
  explicit TuningCache(std::filesystem::path file) : file_(std::move(file)) {}
  std::optional<ConvolutionMethod> find(const std::string& key);
  /// Adds to what the file holds by now and replaces it in one go.
  void store(const std::string& key, ConvolutionMethod method);

  /// To be held from find() to store() by who makes a choice.
  std::mutex& tuning() { return tuning_; }

  /// The user's; empty path (nothing is kept) when neither XDG_CACHE_HOME nor HOME is set.
  static TuningCache& of_user();

 private:
  void read();

  std::mutex mutex_, tuning_;
  std::filesystem::path file_;
  bool is_read_ = false;
  std::map<std::string, std::string> choices_;
};

/// Whether the environment leaves tuning on: POSSE_TUNE is not "off" or "0".
bool tuning_allowed();

/// "AMD EPYC 9755 ...; AVX-512; 256>256 24x29 k3 s1 d1": all that a choice depends on.
std::string tuning_key(const Step& step, const StepShape& shape, const Machine& machine);

/// The first of `candidates` unless another one is clearly faster: times each of them on zeros and
/// keeps the best of some runs, or takes what the cache says.
ConvolutionMethod tuned_method(const Step& step, const StepShape& shape, const Machine& machine,
                               std::span<const ConvolutionMethod> candidates, TuningCache& cache);

}  // namespace posse::cpu
