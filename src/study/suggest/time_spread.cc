#include "study/suggest/time_spread.h"

#include <algorithm>
#include <numeric>

namespace posse {

void FreeRows::block_around(int64_t frame) {
  const auto center = static_cast<double>(frame);
  auto at = std::lower_bound(frames_.begin(), frames_.end(), frame);
  const auto is_near = [&](int64_t other) {
    const double apart = std::abs(static_cast<double>(other) - center);
    return apart < apart_ || apart == 0;
  };
  for (auto after = at; after != frames_.end() && is_near(*after); ++after)
    taken_[static_cast<size_t>(after - frames_.begin())] = 1;
  while (at != frames_.begin() && is_near(*std::prev(at))) {
    --at;
    taken_[static_cast<size_t>(at - frames_.begin())] = 1;
  }
}

std::vector<size_t> highest_apart(std::span<const float> scores, std::span<const int64_t> frames,
                                  std::span<const uint8_t> special, FreeRows free, size_t count,
                                  size_t count_special) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<size_t> rows;
  size_t num_special = 0;
  for (const size_t row : order) {
    if (rows.size() >= count) break;
    if (!free.is_free(row)) continue;
    if (special[row] != 0 && num_special >= count_special) continue;
    num_special += special[row] != 0 ? 1 : 0;
    rows.push_back(row);
    free.block_around(frames[row]);
  }
  return rows;
}

std::vector<size_t> evenly_apart(std::span<const int64_t> frames, FreeRows free, size_t count) {
  std::vector<size_t> rows;
  const size_t wanted = std::min(count, frames.size());
  for (size_t i = 0; i < wanted; ++i) {
    const size_t first = i * frames.size() / wanted, end = (i + 1) * frames.size() / wanted;
    const size_t middle = (first + end) / 2;
    for (size_t k = 0; k < end - first; ++k) {  // from the middle on, then from the piece's start
      const size_t row = middle + k < end ? middle + k : first + (middle + k - end);
      if (!free.is_free(row)) continue;
      rows.push_back(row);
      free.block_around(frames[row]);
      break;
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace posse
