/// Makes scoremaps with known answers.
#pragma once

#include <random>
#include <vector>

#include "keypoints/scoremap.h"

namespace posse::testing {

/// A map that owns its values.
struct OwnedScoremap {
  std::vector<float> logits;  ///< [height, width, bodyparts]
  std::vector<float> locref;  ///< [height, width, bodyparts, xy]; empty: none
  int height = 0;
  int width = 0;
  int num_bodyparts = 1;
  double stride = 8;
  double locref_stdev = 7.2801;

  ScoremapView view() const {
    return {.logits = logits.data(),
            .locref = locref.empty() ? nullptr : locref.data(),
            .height = height,
            .width = width,
            .num_bodyparts = num_bodyparts,
            .stride = stride,
            .locref_stdev = locref_stdev};
  }
};

/// One bodypart whose logits are given row by row.
inline OwnedScoremap scoremap_of(int height, int width, std::vector<float> logits) {
  return {.logits = std::move(logits), .locref = {}, .height = height, .width = width};
}

struct Bump {
  double col = 0;  ///< centre in cells
  double row = 0;
  double sigma = 1;   ///< cells
  double height = 3;  ///< logit at the centre
};

/// One bodypart with logits height - distance² / (2 sigma²): its softmax is a Gaussian around the
/// centre.
inline OwnedScoremap bump_map(int height, int width, const Bump& bump) {
  OwnedScoremap map{.logits = {}, .locref = {}, .height = height, .width = width};
  for (int row = 0; row < height; ++row) {
    for (int col = 0; col < width; ++col) {
      const double dx = col - bump.col;
      const double dy = row - bump.row;
      map.logits.push_back(
          static_cast<float>(bump.height - (dx * dx + dy * dy) / (2 * bump.sigma * bump.sigma)));
    }
  }
  return map;
}

/// What a trained network's maps look like: a bump of about two cells per bodypart on noise around
/// -9; locref noise.
inline OwnedScoremap random_map(int height, int width, int num_bodyparts, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> noise(0, 1);
  std::uniform_real_distribution<double> place(0.1, 0.9);
  OwnedScoremap map{
      .logits = {}, .locref = {}, .height = height, .width = width, .num_bodyparts = num_bodyparts};
  std::vector<Bump> bumps;
  for (int j = 0; j < num_bodyparts; ++j) {
    bumps.push_back({.col = place(generator) * width,
                     .row = place(generator) * height,
                     .sigma = 1.2,
                     .height = 3});
  }
  for (int row = 0; row < height; ++row) {
    for (int col = 0; col < width; ++col) {
      for (const Bump& bump : bumps) {
        const double distance_squared =
            (col - bump.col) * (col - bump.col) + (row - bump.row) * (row - bump.row);
        const double signal = bump.height - distance_squared / (2 * bump.sigma * bump.sigma);
        map.logits.push_back(
            static_cast<float>((signal > -9 ? signal : -9) + 0.3 * noise(generator)));
        map.locref.push_back(static_cast<float>(noise(generator)));
        map.locref.push_back(static_cast<float>(noise(generator)));
      }
    }
  }
  return map;
}

}  // namespace posse::testing
