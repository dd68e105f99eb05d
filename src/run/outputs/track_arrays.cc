#include "run/outputs/track_arrays.h"

#include <cmath>

namespace posse {

std::vector<ExtraArray> track_arrays(int64_t bodyparts) {
  return {{.name = "track_covariance",
           .axes = {"bodyparts", "xx_xy_yy"},
           .extents = {bodyparts, 3},
           .description = "Covariance of the tracked position, in square pixels."},
          {.name = "chance",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Chance that the bodypart lies within three cells of the position."},
          {.name = "chance_seen",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "Chance that the bodypart can be seen in the frame."},
          {.name = "second_place",
           .axes = {"bodyparts", "x_y_chance"},
           .extents = {bodyparts, 3},
           .description = "The likeliest place further away: its position in pixels and its "
                          "chance; NaN, NaN, 0 where none has more than 5 %."},
          {.name = "seen",
           .axes = {"bodyparts"},
           .extents = {bodyparts},
           .description = "1 where the likeliest path has the bodypart at a place, 0 where it has "
                          "it hidden."}};
}

void append_track_values(const TrackedKeypoint& tracked, std::span<std::vector<double>> rows) {
  const OtherPlace second = tracked.second.value_or(OtherPlace{std::nan(""), std::nan(""), 0});
  const Covariance& covariance = tracked.covariance;
  rows[0].insert(rows[0].end(), {covariance.xx, covariance.xy, covariance.yy});
  rows[1].push_back(tracked.chance);
  rows[2].push_back(tracked.chance_seen);
  rows[3].insert(rows[3].end(), {second.x, second.y, second.chance});
  rows[4].push_back(tracked.seen ? 1 : 0);
}

}  // namespace posse
