#include "base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

namespace posse {
namespace {

/// A number of bytes in a file; nothing for "max", or what is no number.
void lower_to(const std::string& file, int64_t& most) {
  std::ifstream stream(file);
  int64_t bytes = 0;
  if (stream >> bytes && bytes > 0) most = std::min(most, bytes);
}

}  // namespace

int64_t usable_memory_bytes() {
  int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) most = pages * page;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.rfind("0::", 0) != 0) continue;
    for (std::string path = line.substr(3);; path = path.substr(0, path.rfind('/'))) {
      lower_to("/sys/fs/cgroup" + path + "/memory.max", most);
      if (path.empty() || path == "/") break;
    }
  }
  lower_to("/sys/fs/cgroup/memory/memory.limit_in_bytes", most);
  if (const char* megabytes = std::getenv("SLURM_MEM_PER_NODE")) {
    const int64_t given = std::atoll(megabytes);
    if (given > 0) most = std::min(most, given << 20);
  }
  return most;
}

void prefer_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr size_t kWorthwhile = size_t{4} << 20;  // two pages of 2 MiB
  if (bytes < kWorthwhile) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(data) + bytes) / page * page;
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

int64_t peak_resident_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return static_cast<int64_t>(usage.ru_maxrss);
#else
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;  // Linux counts KiB
#endif
}

}  // namespace posse
