#include "base/frame_array.h"

#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace posse {

void* allocate_pages(size_t bytes) {
  constexpr size_t kHugePage = size_t{1} << 21;
  constexpr size_t kCacheLine = 64;
  const bool large = bytes >= kHugePage;
  const size_t alignment = large ? kHugePage : kCacheLine;
  const size_t rounded = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, rounded) != 0) throw std::bad_alloc();
#if defined(__linux__)
  if (large) madvise(block, rounded, MADV_HUGEPAGE);  // a wish: without effect where not supported
#endif
  return block;
}

void free_pages(void* block) { std::free(block); }

}  // namespace posse
