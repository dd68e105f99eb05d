/// One network's maps of one frame, and where their cells lie in the picture.
#pragma once

#include <cstddef>

namespace posse {

/// A look at somebody else's maps of one frame; valid as long as their owner lives. Layout as
/// networks write it: channel-last, rows from the top.
struct ScoremapView {
  /// [height, width, bodyparts], before the sigmoid.
  const float* logits = nullptr;
  /// [height, width, bodyparts, xy] in units of locref_stdev; nullptr: none.
  const float* locref = nullptr;
  /// Cells, at least 1.
  int height = 0;
  /// Cells, at least 1.
  int width = 0;
  /// Number of bodyparts, at least 1.
  int num_bodyparts = 0;
  /// Pixels per cell, above 0; along columns.
  double stride = 8;
  /// Pixels from row to row where they differ; 0: as stride.
  double row_stride = 0;
  /// Pixels per unit of locref; along columns.
  double locref_stdev = 7.2801;
  /// Pixels per unit of the y of locref where it differs; 0: as locref_stdev.
  double row_locref_stdev = 0;
  /// Where the picture the network saw begins in the full frame, in pixels: not 0 where it was cut.
  double offset_x = 0;
  double offset_y = 0;
  /// Of the rules lp and lp_correct: how often the map is doubled to the size of what the network
  /// saw.
  int doublings = 2;

  double stride_of_rows() const { return row_stride > 0 ? row_stride : stride; }

  /// Position of a cell of one bodypart in `logits`; twice that is its x offset in `locref`.
  size_t index(int row, int col, int bodypart) const {
    return (static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(col)) *
               static_cast<size_t>(num_bodyparts) +
           static_cast<size_t>(bodypart);
  }
  double logit(int row, int col, int bodypart) const {
    return static_cast<double>(logits[index(row, col, bodypart)]);
  }
};

/// An offset from a cell's centre in pixels.
struct PixelOffset {
  double x = 0;
  double y = 0;
};

/// The offset that the network gives for this cell; {0, 0} without locref.
PixelOffset locref_offset(const ScoremapView& map, int row, int col, int bodypart);

/// Pixel of a (fractional) cell along one axis: stride * cell + stride / 2, as DeepLabCut and
/// DeepGraphPose place it.
constexpr double pixel_from_cell(double cell, double stride) {
  return stride * cell + 0.5 * stride;
}

/// Inverse of pixel_from_cell.
constexpr double cell_from_pixel(double pixel, double stride) {
  return (pixel - 0.5 * stride) / stride;
}

/// @throws Error(shape_mismatch) if there is no cell or bodypart; Error(invalid_value) if the
/// stride is not above 0 or logits are missing.
void check_scoremap(const ScoremapView& map);

/// 1 / (1 + exp(-logit)) without overflow: exact limits 0 and 1, NaN for NaN.
double sigmoid(double logit);

/// log(sigmoid(logit)) without overflow or cancellation; log(1 - sigmoid(logit)) is
/// log_sigmoid(-logit).
double log_sigmoid(double logit);

}  // namespace posse
