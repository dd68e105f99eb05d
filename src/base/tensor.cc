#include "base/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <new>

#include "base/error.h"

namespace posse {
namespace {
constexpr std::align_val_t kAlignment{64};
}

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

void Tensor::Free::operator()(float* pointer) const { ::operator delete[](pointer, kAlignment); }

Tensor::Tensor(Shape shape) : shape_(std::move(shape)), size_(num_elements(shape_)) {
  const auto count = static_cast<size_t>(size_);
  data_.reset(static_cast<float*>(::operator new[](count * sizeof(float), kAlignment)));
  std::fill_n(data_.get(), count, std::numeric_limits<float>::quiet_NaN());
}

Tensor::Tensor(Shape shape, std::span<const float> values) : Tensor(std::move(shape)) {
  if (static_cast<int64_t>(values.size()) != size_) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{} values given for shape {}", values.size(), to_string(shape_)));
  }
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
