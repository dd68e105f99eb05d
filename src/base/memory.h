/// Asks for large pages behind large blocks of memory, and tells how much memory this process holds
/// and may use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace posse {

/// Asks for large pages behind memory that is about to be filled for the first time, which saves
/// most of the page faults. A hint: without effect on systems that have none, and never an error.
void prefer_huge_pages(void* data, size_t bytes);

/// The most memory this process has held so far, in bytes.
int64_t peak_resident_bytes();

/// Memory that this process may use, in bytes: the machine's, cut by the control group's limit (v1
/// and v2) and by what Slurm gave the job (SLURM_MEM_PER_NODE).
int64_t usable_memory_bytes();

/// Reserves room for `count` values, with large pages if there are many.
template <class T>
void reserve_large(std::vector<T>& values, size_t count) {
  if (count <= values.capacity()) return;
  values.reserve(count);
  prefer_huge_pages(values.data(), count * sizeof(T));
}

}  // namespace posse
