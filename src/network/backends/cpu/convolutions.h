/// Makes the operations of convolution steps: oneDNN's kernels, and posse's own matrix product and
/// Winograd kernels.
#pragma once

#include <memory>

#include "network/backends/cpu/operations.h"

namespace posse::cpu {

/// What oneDNN is to make for this step.
ConvolutionShape convolution_shape(const Step& step, const StepShape& shape,
                                   const Machine& machine);

/// Whether the step can be computed by Winograd at all: 3x3, stride 1, output as large as input,
/// and channels enough to pay for the transforms.
bool winograd_fits(const Step& step);

/// Whether the step is a product of pixels and weights: 1x1, of a map, with an epilogue that the
/// kernel has.
bool matrix_fits(const Step& step, const StepShape& shape);

std::unique_ptr<Operation> make_convolution_operation(const Step& step, const LayerWeights& weights,
                                                      const StepShape& shape,
                                                      const Machine& machine,
                                                      const OperationOptions& options);

}  // namespace posse::cpu
