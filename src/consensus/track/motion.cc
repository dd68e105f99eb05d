#include "consensus/track/motion.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "consensus/track/frame_evidence.h"

namespace posse {
namespace {

void check(const char* name, double value, bool good, const char* wanted) {
  if (good) return;
  throw Error(ErrorKind::invalid_value, fmt::format("{} is {}, must be {}", name, value, wanted));
}

/// Share of time that a bodypart is not seen.
double share_hidden(const MotionOptions& options) {
  return options.hide / (options.hide + options.appear);
}

}  // namespace

void MotionOptions::validate() const {
  check("step_cells", step_cells, step_cells > 0 && std::isfinite(step_cells), "above 0");
  check("jump", jump, jump >= 0 && jump < 1, "in [0, 1)");
  check("hide", hide, hide > 0 && hide < 1, "in (0, 1)");
  check("appear", appear, appear > 0 && appear < 1 && hide + appear < 1,
        "in (0, 1), and less than 1 together with hide");
  check("unseen_evidence", unseen_evidence, unseen_evidence > 0 && std::isfinite(unseen_evidence),
        "above 0");
}

Motion::Motion(const MotionOptions& options, double elapsed, double stride, double num_cells) {
  const double hidden = share_hidden(options);
  const double kept = std::pow(1 - options.hide - options.appear, elapsed);
  hide_ = hidden * (1 - kept);
  appear_ = (1 - hidden) * (1 - kept);
  const double box = kPlaceCells / num_cells;
  appear_at_ = appear_ * box;
  const double jump = 1 - std::pow(1 - options.jump, elapsed);
  jump_at_ = (1 - hide_) * jump * box;
  stays_ = (1 - hide_) * (1 - jump);
  scale_ = 1 / (std::numbers::sqrt2 * options.step_cells * std::sqrt(elapsed) * stride);
  half_box_ = (kPlaceRadius + 0.5) * stride;
}

double Motion::step(double dx, double dy) const {
  const auto along = [this](double distance) {
    const double d = std::abs(distance);
    return 0.5 * (std::erfc((d - half_box_) * scale_) - std::erfc((d + half_box_) * scale_));
  };
  return stays_ * along(dx) * along(dy) + jump_at_;
}

double first_at_place(const MotionOptions& options, double num_cells) {
  return (1 - share_hidden(options)) * kPlaceCells / num_cells;
}

double first_hidden(const MotionOptions& options) { return share_hidden(options); }

}  // namespace posse
