#include "checkpoint/weight_source.h"

#include "checkpoint/tensorflow/tensorflow_checkpoint.h"

namespace posse {

std::shared_ptr<const WeightSource> open_weights(const std::filesystem::path& path) {
  return std::make_shared<const TensorFlowCheckpoint>(TensorFlowCheckpoint::open(path));
}

}  // namespace posse
