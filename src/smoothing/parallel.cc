#include "smoothing/parallel.h"

#include <algorithm>

#include "base/threads.h"

namespace posse {

void for_each_piece(size_t count, size_t grain, int num_threads,
                    const std::function<void(size_t begin, size_t end)>& body) {
  if (count == 0) return;
  const size_t num_grains = (count + grain - 1) / grain;
  const size_t num_pieces =
      std::min<size_t>(num_grains, static_cast<size_t>(std::max(1, num_threads)));
  parallel_for(num_pieces, num_threads, [&](size_t piece) {
    const size_t begin = num_grains * piece / num_pieces * grain;
    const size_t end = std::min(count, num_grains * (piece + 1) / num_pieces * grain);
    body(begin, end);
  });
}

int threads_worth_starting(size_t num_steps, double nanoseconds_per_step, int num_threads) {
  constexpr double kLeastNanoseconds = 5e6;
  const double most = static_cast<double>(num_steps) * nanoseconds_per_step / kLeastNanoseconds;
  return most < num_threads ? std::max(1, static_cast<int>(most)) : num_threads;
}

}  // namespace posse
