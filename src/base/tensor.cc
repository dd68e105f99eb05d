#include "base/tensor.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/error.h"

namespace posse {
namespace {

constexpr size_t kLineBytes = 64;
constexpr size_t kHugePageBytes = size_t{2} << 20;

/// Arrays of several megabytes lie on huge pages where the system gives any: walking through
/// weights and maps otherwise waits for address translation, one twentieth of a network's time.
size_t alignment_of(size_t num_bytes) {
  return num_bytes >= 2 * kHugePageBytes ? kHugePageBytes : kLineBytes;
}

float* allocate(size_t num_bytes) {
  const size_t alignment = alignment_of(num_bytes);
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, std::max(num_bytes, kLineBytes)) != 0) {
    throw std::bad_alloc();
  }
#if defined(MADV_HUGEPAGE)
  if (alignment == kHugePageBytes) ::madvise(memory, num_bytes, MADV_HUGEPAGE);  // a wish only
#endif
  return static_cast<float*>(memory);
}

}  // namespace

int64_t num_elements(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(product, extent, &product)) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("shape {} is negative or too large", to_string(shape)));
    }
  }
  return product;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void Tensor::Free::operator()(float* pointer) const { std::free(pointer); }

Tensor::Tensor(Shape shape) : shape_(std::move(shape)), size_(num_elements(shape_)) {
  const auto count = static_cast<size_t>(size_);
  data_.reset(allocate(count * sizeof(float)));
  std::fill_n(data_.get(), count, std::numeric_limits<float>::quiet_NaN());
}

Tensor::Tensor(Shape shape, std::span<const float> values)
    : shape_(std::move(shape)), size_(num_elements(shape_)) {
  if (static_cast<int64_t>(values.size()) != size_) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} values given for shape {}", values.size(), to_string(shape_)));
  }
  data_.reset(allocate(values.size_bytes()));
  std::copy(values.begin(), values.end(), data_.get());
}

Tensor Tensor::reshaped(Shape shape) && {
  if (num_elements(shape) != size_) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("cannot view {} as {}", to_string(shape_), to_string(shape)));
  }
  shape_ = std::move(shape);
  return std::move(*this);
}

}  // namespace posse
