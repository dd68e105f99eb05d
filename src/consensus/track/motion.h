/// The motion model of a track: chances that a bodypart moves, hides or jumps between two frames,
/// by fixed rules of cells and of time.
#pragma once

namespace posse {

/// Chances per frame of the video; over longer times they follow from these.
struct MotionOptions {
  /// Standard deviation of a frame's step along x and along y, in cells; it grows with the square
  /// root of time. Above 0.
  double step_cells = 1.5;
  /// Chance per frame of a step to anywhere; in [0, 1).
  double jump = 1e-4;
  /// Chance per frame that a bodypart that is seen no longer is; in (0, 1).
  double hide = 0.005;
  /// Chance per frame that one that is not seen is seen again; in (0, 1).
  double appear = 0.1;
  /// Evidence of not being seen, as a multiple of uniform evidence; above 0.
  double unseen_evidence = 1;

  /// @throws Error(invalid_value) naming the option.
  void validate() const;
};

/// The motion over one gap between frames. Chances of landing "at a place" mean in its box
/// (kPlaceCells), so that they compare with those of not being seen.
///
/// Seen and not seen are a chain of two states; a step is Gaussian, or with the chance of a jump
/// uniform over the grid. The chain is reversible: read backwards it has the same chances.
class Motion {
 public:
  /// @param elapsed  frames of the video between the two, above 0 (fractions for real times).
  Motion(const MotionOptions& options, double elapsed, double stride, double num_cells);

  /// From a place to the box of one that lies (dx, dy) px away.
  double step(double dx, double dy) const;
  double hide() const { return hide_; }               ///< seen, then not
  double stay_hidden() const { return 1 - appear_; }  ///< not seen, then not seen
  double appear() const { return appear_at_; }        ///< not seen, then at a given place

 private:
  double hide_;
  double appear_;
  double appear_at_;
  double jump_at_;   ///< seen, then by a jump at a given place
  double stays_;     ///< seen, then seen without a jump
  double scale_;     ///< pixels to standard deviations of the step, over the root of 2
  double half_box_;  ///< px
};

/// Chances at the first frame.
double first_at_place(const MotionOptions& options, double num_cells);
double first_hidden(const MotionOptions& options);

}  // namespace posse
