/// Rows of numbers per frame, the working arrays of the smoother.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace posse {

/// Memory for `bytes`; large blocks begin at a border of huge pages and ask for them, because the
/// page faults of a fresh array otherwise cost more than a filter's pass over it.
void* allocate_pages(size_t bytes);
void free_pages(void* block);

/// std::allocator that leaves new elements unset: the arrays here are large, and every element is
/// written before it is read.
template <typename T>
struct UnsetAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {  // NOLINT(readability-identifier-naming): a name of the standard
    using other = UnsetAllocator<U>;
  };
  T* allocate(size_t count) { return static_cast<T*>(allocate_pages(count * sizeof(T))); }
  void deallocate(T* block, size_t) { free_pages(block); }
  template <typename U, typename... Args>
  void construct(U* place, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
      ::new (static_cast<void*>(place)) U;
    } else {
      ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
    }
  }
};

/// Doubles [frames, lanes], row-major. A lane is one coordinate of one bodypart, [bodyparts, xy]
/// flattened, or one bodypart where each has a single number. Elements are unset until written.
class FrameArray {
 public:
  FrameArray() = default;
  FrameArray(size_t num_frames, size_t num_lanes)
      : num_frames_(num_frames), num_lanes_(num_lanes), values_(num_frames * num_lanes) {}

  size_t num_frames() const { return num_frames_; }
  size_t num_lanes() const { return num_lanes_; }
  bool empty() const { return values_.empty(); }
  double* row(size_t frame) { return values_.data() + frame * num_lanes_; }
  const double* row(size_t frame) const { return values_.data() + frame * num_lanes_; }
  double& at(size_t frame, size_t lane) { return row(frame)[lane]; }
  double at(size_t frame, size_t lane) const { return row(frame)[lane]; }
  /// All elements, row after row.
  std::span<double> values() { return values_; }
  std::span<const double> values() const { return values_; }

 private:
  size_t num_frames_ = 0;
  size_t num_lanes_ = 0;
  std::vector<double, UnsetAllocator<double>> values_;
};

}  // namespace posse
