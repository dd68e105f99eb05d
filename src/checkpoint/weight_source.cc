#include "checkpoint/weight_source.h"

#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "checkpoint/torch/torch_checkpoint.h"

namespace posse {

std::shared_ptr<const WeightSource> open_weights(const std::filesystem::path& path) {
  if (looks_like_torch(path)) {
    return std::make_shared<const TorchCheckpoint>(TorchCheckpoint::open(path));
  }
  return std::make_shared<const TensorFlowCheckpoint>(TensorFlowCheckpoint::open(path));
}

}  // namespace posse
