/// Work on independent pieces with several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace posse {

/// Calls body(begin, end) for pieces that together cover [0, count), each on a thread of its own,
/// the last on the caller's.
///
/// Piece borders are multiples of `grain`. With one thread, or one piece, nothing is started. The
/// pieces must not write to the same place. The first exception of a piece is rethrown after all
/// have ended.
void for_each_piece(size_t count, size_t grain, int num_threads,
                    const std::function<void(size_t begin, size_t end)>& body);

}  // namespace posse
