/// Finds the tensors in the pickle of a torch file, and where their numbers lie.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "checkpoint/torch/torch_pickle.h"

namespace posse {

/// Element types of torch's storages; `other` for those that hold no plain numbers.
enum class TorchDtype {
  float32,
  float64,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint8,
  boolean,
  other
};

/// "float32", "bool", ...
std::string to_string(TorchDtype dtype);
/// 0 for `other`.
int64_t bytes_per_element(TorchDtype dtype);

/// A tensor as a state dict names it: a look at a storage, which others may share.
struct TorchTensor {
  std::string name;
  TorchDtype dtype = TorchDtype::other;
  std::string storage;     ///< the name of its file below data/
  int64_t num_stored = 0;  ///< elements that the storage is said to hold
  int64_t offset = 0;      ///< in elements
  Shape shape;
  std::vector<int64_t> strides;  ///< in elements, one per axis
};

/// The tensor that a node stands for; nullopt if it stands for something else.
/// @throws Error(bad_file), naming `name`, for a tensor whose parts are not what they have to be, a
///         negative offset, extent or stride, or one that reaches beyond its storage.
std::optional<TorchTensor> torch_tensor(const TorchPickle& pickle, PickleId id,
                                        const std::string& file, const std::string& name);

/// All tensors directly in a dict, in its order.
/// @throws as torch_tensor(); Error(bad_file) for a name that comes twice.
std::vector<TorchTensor> tensors_of(const TorchPickle& pickle, PickleId dict,
                                    const std::string& file);

}  // namespace posse
