/// Prepares a bundle's frames as networks take them, and joins and cuts the networks' maps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/image.h"
#include "base/tensor.h"
#include "ensemble/cut_frames.h"
#include "ensemble/pipeline.h"
#include "network/backend.h"

namespace posse {

/// Size of what is seen of a picture. @throws as extent_seen()
Extent extent_of(const Image& image, const FrameView& view);

/// Fills `batch` with what is seen of frames [first, last), which is of one size.
/// @param views  of the bundle's frames @param pictures  holds what is not whole frames, as long as
/// the batch is used
void fill_batch(const FrameBundle& bundle, std::span<const FrameView> views, size_t first,
                size_t last, std::vector<std::vector<uint8_t>>& pictures, FrameBatch& batch);

/// Adds frames' maps [frames, ...] behind those that are there; an empty part changes nothing.
void append_frames(const Tensor& part, Tensor& all);

/// Cuts a network's output to its first frames.
void cut_to(Tensor& output, size_t num_frames);

}  // namespace posse
