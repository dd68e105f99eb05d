/// Splits work into independent pieces for several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace posse {

/// Calls body(begin, end) for pieces that together cover [0, count), at most as many as threads, by
/// parallel_for().
///
/// Piece borders are multiples of `grain`. With one thread, or one piece, nothing is started. The
/// pieces must not write to the same place. The first exception of a piece is rethrown after all
/// have ended.
void for_each_piece(size_t count, size_t grain, int num_threads,
                    const std::function<void(size_t begin, size_t end)>& body);

/// At most `num_threads`, and so few that each has some milliseconds to do: a system may let a new
/// thread wait that long, and then it costs more than it takes over.
int threads_worth_starting(size_t num_steps, double nanoseconds_per_step, int num_threads);

}  // namespace posse
