/// Checks a device on a golden frame, which it must compute as our own engine does before it is
/// trusted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/backend.h"

namespace posse::ort {

/// Largest distance of two arrays as a part of the expected one's range; infinite where a value is
/// not a number, or where the sizes differ.
double largest_error(std::span<const float> expected, std::span<const float> got);

/// What largest_error() of the golden frame may be, so that a device that computes something else
/// is found; whether fewer digits are enough for keypoints is another question, which the user's
/// own frames answer (ensemble/precision_check.h). Float32 sums in another order stay below 1e-4 of
/// the range (network_agreement_test.cc); ten times that leaves room for other algorithms, and none
/// for wrong ones: a wrong layer is off by a tenth and more. Networks that norm with statistics of
/// the frame amplify rounding, on which two of our own engines differ by up to 5e-3. Numbers with
/// 10 bits behind the point are rounded 8,192 times as coarsely: networks of random weights are
/// then off by up to 0.035 of the range (agreement_test.cc), trained ones by 0.002.
double golden_bound(const Graph& graph, Precision precision = Precision::fp32);

/// Waves and noise, reproducible: [height, width, 3].
std::vector<uint8_t> golden_picture(Extent extent);

/// The size of the golden frame for frames of this size: no side above 160 pixels.
Extent golden_extent(std::optional<Extent> frame);

/// Runs the golden frame on both. @return largest_error() of the logits, or of locref if that is
/// larger
/// @throws Error(unavailable) if it is beyond golden_bound(). @param device  for the message
double check_golden(const Graph& graph, const Weights& weights, const Executor& executor,
                    std::optional<Extent> frame, const std::string& device,
                    Precision precision = Precision::fp32);

}  // namespace posse::ort
