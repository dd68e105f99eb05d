/// Finds epipolar lines between the views of one picture from the video itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cameras/epipolar.h"
#include "consensus/track/agreeing_views.h"
#include "consensus/track/frame_evidence.h"

namespace posse {

/// Bodyparts that two views show, and how the views lie to each other where that is known.
struct TwoViews {
  size_t first = 0;  ///< numbers of the views, for messages
  size_t second = 1;
  std::vector<std::pair<int, int>> bodyparts;  ///< in the first view, in the second
  std::optional<EpipolarGeometry> given;
  std::string cameras;  ///< for messages, as "bottom and side"; empty without names
};

/// What a person says of bodyparts that are one, seen from several sides.
struct AgreeingViews {
  std::vector<ViewPair> pairs;  ///< that share an axis
  std::vector<TwoViews> lines;  ///< that are on epipolar lines
};

/// What was found of two views.
struct EpipolarLine {
  TwoViews views;
  EpipolarGeometry geometry;
  /// a x + b y + c x' + d y' + e = 0 in px with a² + b² + c² + d² = 2, the larger of a and b
  /// positive; nothing if the geometry was given, or none was found.
  std::optional<std::array<double, 5>> equation;
  /// Spread of the points' difference in px, as a standard deviation: 1.4826 times the median; NaN
  /// without points.
  double spread = 0;
  /// Number of points that were looked at.
  size_t num_points = 0;
  /// Why the views are not held to the line; empty: they are.
  std::string why_not;
};

struct EpipolarLineOptions {
  /// Share of a bodypart's evidence in its main place's box that makes it sure; in (0, 1].
  double least_share = 0.8;
  size_t least_points = 50;
  /// A line is not told from others if the points spread across it by less than this multiple of
  /// their spread from it, or by less than least_cells.
  double least_contrast = 2;
  double least_cells = 0.5;
  /// Nor if one view's share of a² + b² + c² + d² is less: all its points lie on a line.
  double least_share_of_view = 0.05;
  /// Points that spread by more than this from the line do not lie on it.
  double most_cells = 1;
};

/// Gathers points of frames in which both views are sure; memory does not depend on the number of
/// frames.
class EpipolarLineFinder {
 public:
  explicit EpipolarLineFinder(std::vector<TwoViews> views, EpipolarLineOptions options = {});
  void add(const FrameEvidence& frame);

  /// One for each of the views. A given geometry is always held to.
  ///
  /// The rest is the plane in (x, y, x', y') with the least median distance from the points among
  /// 500 through four of them, then, five times, that of least squares over points within 2.5
  /// standard deviations. Source: P. Rousseeuw, Least median of squares regression, JASA 1984; the
  /// affine fundamental matrix of Hartley and Zisserman, section 14.3.2.
  std::vector<EpipolarLine> find() const;

 private:
  struct PointPair {
    uint64_t frame = 0;
    std::array<double, 4> values{};  ///< x, y, x', y'
  };
  EpipolarLine find(const TwoViews& views, const std::vector<PointPair>& points) const;
  void thin(std::vector<PointPair>& points) const;

  std::vector<TwoViews> views_;
  EpipolarLineOptions options_;
  std::vector<std::vector<PointPair>> points_;  ///< [views]
  uint64_t num_frames_ = 0;
  uint64_t every_ = 1;  ///< frames whose number is a multiple are kept
  double stride_ = 8;
};

/// The pairs of bodyparts that are held to an axis or, where there is one, to a line.
std::vector<ViewPair> pairs_of(const AgreeingViews& views, const std::vector<EpipolarLine>& lines);

}  // namespace posse
