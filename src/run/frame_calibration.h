/// Applies a calibration to the frames of an ensemble.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "calibration/calibration.h"
#include "ensemble/ensemble.h"
#include "run/options.h"

namespace posse {

/// A calibration that was read for an ensemble and a consensus.
class FrameCalibration {
 public:
  /// @param radius  px, of CalibratedPoint::chance_within
  /// @throws Error(usage) for a radius that is not above 0; as read_calibration
  FrameCalibration(const std::filesystem::path& file, const Ensemble& ensemble,
                   RunConsensus consensus, double radius);

  const Calibration& calibration() const { return calibration_; }
  double radius() const { return radius_; }
  /// Why it is not for these networks or this consensus, as "is for ..."; empty if it is.
  const std::string& misfit() const { return misfit_; }
  /// Bodyparts of the ensemble that it does not know.
  const std::vector<std::string>& unknown() const { return unknown_; }

  /// [bodyparts] of a finished frame; NaN for what is missing or not known.
  std::vector<CalibratedPoint> points_of(const FrameResult& frame) const;

 private:
  double radius_;
  Calibration calibration_;
  std::string misfit_;
  std::vector<size_t> columns_;  ///< [bodyparts] in the calibration; its number where unknown
  std::vector<std::string> unknown_;
};

}  // namespace posse
