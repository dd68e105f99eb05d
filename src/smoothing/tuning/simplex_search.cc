#include "smoothing/tuning/simplex_search.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace posse {
namespace {

using Objective = std::function<double(std::span<const double>)>;

struct Corner {
  std::vector<double> place;
  double value;
};

/// Point on the line from `from` through `middle`, `distance` times as far beyond the middle.
Corner look(const std::vector<double>& middle, const std::vector<double>& from, double distance,
            const Objective& objective) {
  std::vector<double> place(middle.size());
  for (size_t i = 0; i < place.size(); ++i) place[i] = middle[i] + distance * (middle[i] - from[i]);
  const double value = objective(place);
  return {std::move(place), value};
}

double size_of(const std::vector<Corner>& simplex) {
  double largest = 0;
  for (const Corner& corner : simplex) {
    for (size_t i = 0; i < corner.place.size(); ++i) {
      largest = std::max(largest, std::abs(corner.place[i] - simplex.front().place[i]));
    }
  }
  return largest;
}

/// One move of the worst corner; the simplex is sorted by value before and after.
void improve(std::vector<Corner>& simplex, const Objective& objective) {
  const size_t n = simplex.size() - 1;
  std::vector<double> middle(n, 0.0);
  for (size_t c = 0; c < n; ++c) {
    for (size_t i = 0; i < n; ++i) middle[i] += simplex[c].place[i] / static_cast<double>(n);
  }
  Corner& worst = simplex.back();
  Corner reflected = look(middle, worst.place, 1.0, objective);
  if (reflected.value < simplex.front().value) {
    Corner further = look(middle, worst.place, 2.0, objective);
    worst = further.value < reflected.value ? std::move(further) : std::move(reflected);
  } else if (reflected.value < simplex[n - 1].value) {
    worst = std::move(reflected);
  } else {
    const bool outside = reflected.value < worst.value;
    Corner nearer = look(middle, worst.place, outside ? 0.5 : -0.5, objective);
    if (nearer.value < std::min(reflected.value, worst.value)) {
      worst = std::move(nearer);
    } else {
      for (size_t c = 1; c <= n; ++c)
        simplex[c] = look(simplex[0].place, simplex[c].place, -0.5, objective);
    }
  }
  std::ranges::stable_sort(simplex, {}, &Corner::value);
}

Corner descend(std::vector<double> start, double step, const Objective& objective) {
  constexpr double kPlaceTolerance = 1e-8;
  constexpr int kMostMoves = 2000;
  std::vector<Corner> simplex{{start, objective(start)}};
  for (size_t i = 0; i < start.size(); ++i) {
    std::vector<double> place = start;
    place[i] += step;
    const double value = objective(place);
    simplex.push_back({std::move(place), value});
  }
  std::ranges::stable_sort(simplex, {}, &Corner::value);
  for (int move = 0; move < kMostMoves && size_of(simplex) > kPlaceTolerance; ++move)
    improve(simplex, objective);
  return simplex.front();
}

}  // namespace

SimplexMinimum minimise_by_simplex(std::vector<double> start, const Objective& objective) {
  constexpr int kMostRestarts = 5;
  if (start.empty()) return {.place = {}, .value = objective({})};
  Corner best = descend(std::move(start), 0.5, objective);
  for (int restart = 0; restart < kMostRestarts; ++restart) {
    Corner again = descend(best.place, 0.1, objective);
    const bool gained = again.value < best.value - 1e-10 * std::abs(best.value);
    if (again.value < best.value) best = std::move(again);
    if (!gained) break;
  }
  return {.place = std::move(best.place), .value = best.value};
}

}  // namespace posse
