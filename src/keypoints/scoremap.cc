#include "keypoints/scoremap.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace posse {

PixelOffset locref_offset(const ScoremapView& map, int row, int col, int bodypart) {
  if (map.locref == nullptr) {
    return {};
  }
  const float* xy = map.locref + 2 * map.index(row, col, bodypart);
  return {.x = static_cast<double>(xy[0]) * map.locref_stdev,
          .y = static_cast<double>(xy[1]) *
               (map.row_locref_stdev > 0 ? map.row_locref_stdev : map.locref_stdev)};
}

void check_scoremap(const ScoremapView& map) {
  if (map.height < 1 || map.width < 1 || map.num_bodyparts < 1) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("scoremap of {} x {} cells and {} bodyparts: each must be at least 1",
                            map.height, map.width, map.num_bodyparts));
  }
  if (map.logits == nullptr) {
    throw Error(ErrorKind::invalid_value, "scoremap without logits");
  }
  if (!(map.stride > 0) || !std::isfinite(map.stride) || !std::isfinite(map.row_stride)) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("stride {} of a scoremap: must be above 0", map.stride));
  }
}

double sigmoid(double logit) {
  if (logit >= 0) {
    return 1 / (1 + std::exp(-logit));
  }
  const double odds = std::exp(logit);
  return odds / (1 + odds);
}

double log_sigmoid(double logit) {
  return logit >= 0 ? -std::log1p(std::exp(-logit)) : logit - std::log1p(std::exp(logit));
}

}  // namespace posse
