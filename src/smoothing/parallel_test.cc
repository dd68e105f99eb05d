#include "smoothing/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace posse {
namespace {

TEST(Parallel, PiecesCoverEveryPlaceOnceAndBeginAtGrains) {
  for (const size_t count : {0, 1, 7, 8, 9, 40, 100}) {
    for (const int threads : {1, 2, 3, 16}) {
      std::vector<std::atomic<int>> visits(count);
      for_each_piece(count, 8, threads, [&](size_t begin, size_t end) {
        EXPECT_EQ(begin % 8, 0);
        for (size_t i = begin; i < end; ++i) ++visits[i];
      });
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
}

TEST(Parallel, AnExceptionOfAPieceReachesTheCaller) {
  EXPECT_THROW(for_each_piece(4, 1, 4,
                              [](size_t begin, size_t) {
                                if (begin == 1) throw std::runtime_error("piece");
                              }),
               std::runtime_error);
}

TEST(Parallel, ThreadsAreStartedForSomeMillisecondsOfWorkEach) {
  EXPECT_EQ(threads_worth_starting(0, 1000, 8), 1);
  EXPECT_EQ(threads_worth_starting(1000, 1000, 8), 1);     // 1 ms
  EXPECT_EQ(threads_worth_starting(15000, 1000, 8), 3);    // 15 ms
  EXPECT_EQ(threads_worth_starting(1000000, 1000, 8), 8);  // 1 s
  EXPECT_EQ(threads_worth_starting(1000000, 1000, 1), 1);
}

}  // namespace
}  // namespace posse
