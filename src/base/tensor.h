/// Dense float32 arrays in row-major order, axes outer to inner as docs/conventions.md says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace posse {

/// Extents, outermost axis first; empty for a scalar. No extent is negative.
using Shape = std::vector<int64_t>;

/// Product of the extents (1 for a scalar).
/// @throws Error(shape_mismatch) if an extent is negative or the product overflows int64.
int64_t num_elements(const Shape& shape);

/// "[3, 3, 64, 128]"
std::string to_string(const Shape& shape);

/// A read-only look at somebody else's float32 array; valid as long as the owner lives.
struct TensorView {
  const float* data = nullptr;
  Shape shape;

  int64_t size() const { return num_elements(shape); }
  std::span<const float> values() const { return {data, static_cast<size_t>(size())}; }
};

/// An owned float32 array, aligned to 64 bytes. Move-only, so that no copy happens unseen; see
/// clone().
class Tensor {
 public:
  Tensor() = default;
  /// Filled with NaN, so that a value nobody wrote shows.
  explicit Tensor(Shape shape);
  Tensor(Shape shape, std::span<const float> values);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  Tensor clone() const { return {shape_, values()}; }
  /// Same elements under another shape of the same size.
  Tensor reshaped(Shape shape) &&;

  const Shape& shape() const { return shape_; }
  int64_t dim(size_t axis) const { return shape_.at(axis); }
  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::span<float> values() { return {data_.get(), static_cast<size_t>(size_)}; }
  std::span<const float> values() const { return {data_.get(), static_cast<size_t>(size_)}; }
  TensorView view() const { return {data_.get(), shape_}; }

 private:
  struct Free {
    void operator()(float* pointer) const;
  };
  Shape shape_;
  int64_t size_ = 0;
  std::unique_ptr<float[], Free> data_;
};

}  // namespace posse
