/// Types of a prediction: the picture that is given, and a frame's keypoints with their
/// uncertainty.
///
///     const posse::Frame frame = ensemble.predict(posse::Picture::rgb(pixels, 640, 480));
///     std::cout << frame.keypoints[0].x << " +- " << std::sqrt(frame.covariances[0].xx) << "\n";
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "posse/posse.h"

namespace posse {
inline namespace v1 {

/// Pixels of the whole frame: x to the right, y down, pixel centres at whole numbers.
struct Keypoint {
  double x;           ///< NaN when missing
  double y;           ///< NaN when missing
  double likelihood;  ///< in [0, 1]; 0 when missing
};

/// The covariance of a position, in px^2.
struct Covariance {
  double xx;
  double xy;
  double yy;
};

/// Standard deviation over the members, in px.
struct Spread {
  double x;
  double y;
};

/// A picture in the caller's memory, 8 bits a channel; posse_image says what the steps mean.
struct Picture : posse_image {
  /// Packed rows, red first.
  static Picture rgb(const std::uint8_t* pixels, int width, int height) {
    return Picture(pixels, width, height, 3, 0, 0, 0);
  }
  /// Packed rows, blue first, as OpenCV has them.
  static Picture bgr(const std::uint8_t* pixels, int width, int height) {
    return Picture(pixels == nullptr ? nullptr : pixels + 2, width, height, 3,
                   std::ptrdiff_t{3} * width, 3, -1);
  }
  static Picture grey(const std::uint8_t* pixels, int width, int height) {
    return Picture(pixels, width, height, 1, 0, 0, 0);
  }
  /// The same picture taken at this time, for a causal track with fps.
  Picture at(double seconds) const {
    Picture picture = *this;
    picture.time_seconds = seconds;
    return picture;
  }

  Picture(const std::uint8_t* data, int w, int h, int num_channels, std::ptrdiff_t rows,
          std::ptrdiff_t columns, std::ptrdiff_t channel) {
    struct_size = sizeof(posse_image);
    pixels = data;
    width = w;
    height = h;
    channels = num_channels;
    row_step = rows;
    column_step = columns;
    channel_step = channel;
    time_seconds = std::numeric_limits<double>::quiet_NaN();
  }
};

/// A frame's keypoints; posse_frame says what each is.
struct Frame {
  std::int64_t frame_index = 0;
  double time_seconds = 0;
  std::vector<Keypoint> keypoints;      ///< [bodyparts]
  std::vector<Covariance> covariances;  ///< [bodyparts]
  std::vector<Spread> spreads;          ///< [bodyparts]
  std::vector<Keypoint> members;        ///< [members, bodyparts]
  std::vector<double> radius90;         ///< [bodyparts] NaN without a calibration
  std::vector<double> chance_seen;      ///< [bodyparts] NaN without a track

  Frame() = default;
  explicit Frame(const posse_frame& frame)
      : frame_index(frame.frame_index), time_seconds(frame.time_seconds) {
    for (std::size_t p = 0; p < frame.num_bodyparts; ++p) {
      const double* const covariance = frame.covariances + 3 * p;
      keypoints.push_back(keypoint(frame.keypoints, p));
      covariances.push_back({covariance[0], covariance[1], covariance[2]});
      spreads.push_back({frame.spreads[2 * p], frame.spreads[2 * p + 1]});
      radius90.push_back(frame.radius90[p]);
      chance_seen.push_back(frame.chance_seen[p]);
    }
    for (std::size_t i = 0; i < frame.num_members * frame.num_bodyparts; ++i)
      members.push_back(keypoint(frame.members, i));
  }

 private:
  static Keypoint keypoint(const double* values, std::size_t number) {
    return {values[3 * number], values[3 * number + 1], values[3 * number + 2]};
  }
};

}  // namespace v1
}  // namespace posse
