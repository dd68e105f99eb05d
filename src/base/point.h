/// Points in a picture, and the covariance of uncertain ones.
#pragma once

namespace posse {

/// A place in full-frame pixels: x to the right, y down, pixel centres at whole numbers.
struct Point {
  double x = 0;
  double y = 0;
};

/// The covariance [[xx, xy], [xy, yy]] of a place in px².
struct Covariance {
  double xx = 0;
  double xy = 0;
  double yy = 0;
};

}  // namespace posse
