/// Reads golden outputs of networks with synthetic weights (folders tf-graph and spec-double).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "network/architecture.h"

namespace posse::testing {

/// One case of a cases.json, ready to run.
struct GoldenCase {
  /// Folder that holds part_pred.double.npy, endpoints.tsv, ...
  std::filesystem::path folder;
  NetworkSpec spec;
  Weights weights;
  Extent frame;
  /// [frame.height, frame.width, 3]
  std::vector<uint8_t> rgb;
  /// Limits as fractions of an output's range for direct float32 arithmetic, and for algorithms
  /// that trade rounding for speed; from the goldens' own notes.
  double direct_limit = 1e-5;
  double fast_limit = 1e-4;
};

/// @param folder  "tf-graph" or "spec-double" with its cases.json; images are in tf-graph/inputs.
GoldenCase load_golden_case(const std::filesystem::path& folder, const std::string& name);

/// A line of endpoints.tsv.
struct EndpointStatistics {
  std::string name;  ///< as the graph's nodes
  Shape shape;       ///< [1, height, width, channels]
  double mean = 0, deviation = 0, least = 0, most = 0;
  std::vector<float> first, last;  ///< 8 values each
};
std::vector<EndpointStatistics> read_endpoints(const std::filesystem::path& file);

/// Largest absolute difference, as a fraction of the range (max - min) of `expected`.
double relative_to_range(std::span<const float> found, std::span<const float> expected);

}  // namespace posse::testing
