#include "study/suggest/appearance.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "video/resize_image.h"

namespace posse {
namespace {

constexpr size_t kComponents = 32;
constexpr size_t kMostForComponents = 1000;
constexpr int kIterations = 5;
constexpr double kSameMean = 1.5;
constexpr int kSameAnywhere = 12;
constexpr size_t kLookSize = size_t{kLookSide} * kLookSide;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Divides by the root mean square distance between two rows: sqrt(2 x the total variance).
/// @param rounding  variance up to this is none: the block becomes 0
void scale_block(Matrix& block, double rounding) {
  if (block.rows() < 2) return;
  const auto centred = block.rowwise() - block.colwise().mean();
  const double variance =
      static_cast<double>(centred.squaredNorm()) / static_cast<double>(block.rows());
  block *= static_cast<float>(variance > rounding ? 1 / std::sqrt(2 * variance) : 0);
}

/// [frames, 2 bodyparts]
Matrix pose_block(std::span<const FrameFeatures> frames) {
  const size_t parts = frames[0].pose.size();
  Matrix block(frames.size(), 2 * parts);
  std::vector<double> sums(2 * parts), counts(2 * parts);
  for (size_t f = 0; f < frames.size(); ++f) {
    double x = 0, y = 0, n = 0;
    for (const Point& point : frames[f].pose) {
      if (std::isnan(point.x)) continue;
      x += point.x, y += point.y, n += 1;
    }
    double square = 0;
    for (size_t p = 0; p < parts; ++p) {
      const Point& point = frames[f].pose[p];
      const double dx = point.x - x / n, dy = point.y - y / n;
      block(f, 2 * p) = static_cast<float>(dx), block(f, 2 * p + 1) = static_cast<float>(dy);
      if (!std::isnan(dx)) square += dx * dx + dy * dy;
    }
    const double size = n > 0 ? std::sqrt(square / n) : 0;
    for (size_t j = 0; j < 2 * parts; ++j) {
      if (size > 0) block(f, j) /= static_cast<float>(size);
      if (!std::isnan(block(f, j))) sums[j] += block(f, j), counts[j] += 1;
    }
  }
  for (size_t j = 0; j < 2 * parts; ++j) {
    const auto mean = static_cast<float>(counts[j] > 0 ? sums[j] / counts[j] : 0);
    for (size_t f = 0; f < frames.size(); ++f)
      if (std::isnan(block(f, j))) block(f, j) = mean;
  }
  return block;
}

Matrix looks_of(std::span<const FrameFeatures> frames, size_t step) {
  const size_t rows = (frames.size() + step - 1) / step;
  Matrix looks(rows, kLookSize);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t j = 0; j < kLookSize; ++j)
      looks(r, j) = static_cast<float>(frames[r * step].look[j]);
  }
  return looks;
}

/// [look, components], orthonormal: the directions in which looks differ most.
Matrix components_of(const Matrix& centred, size_t count) {
  Matrix basis(kLookSize, count);
  for (size_t i = 0; i < kLookSize; ++i) {
    for (size_t j = 0; j < count; ++j)
      basis(i, j) = std::cos(static_cast<float>((i + 1) * (2 * j + 1)));
  }
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const Matrix next = centred.transpose() * (centred * basis);
    const Eigen::HouseholderQR<Eigen::MatrixXf> qr(next);
    basis = qr.householderQ() * Eigen::MatrixXf::Identity(kLookSize, count);
  }
  return basis;
}

/// [frames, components]
Matrix look_block(std::span<const FrameFeatures> frames) {
  const size_t step = (frames.size() + kMostForComponents - 1) / kMostForComponents;
  Matrix looks = looks_of(frames, step);
  const Eigen::RowVectorXf mean = looks.colwise().mean();
  looks.rowwise() -= mean;
  const size_t count = std::min({kComponents, static_cast<size_t>(looks.rows()), kLookSize});
  const Matrix basis = components_of(looks, count);
  Matrix block(frames.size(), count);
  for (size_t f = 0; f < frames.size(); ++f) {
    Eigen::RowVectorXf look(kLookSize);
    for (size_t j = 0; j < kLookSize; ++j) look(j) = static_cast<float>(frames[f].look[j]);
    block.row(f) = (look - mean) * basis;
  }
  return block;
}

}  // namespace

Look look_of(const Image& image) {
  const Image small = resize_image(image, kLookSide, kLookSide);
  Look look(kLookSize);
  for (size_t i = 0; i < look.size(); ++i) {
    const uint8_t* rgb = small.rgb.data() + 3 * i;
    look[i] = static_cast<uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
  }
  return look;
}

bool looks_alike(const Look& a, const Look& b) {
  if (a.empty() || b.empty()) return false;
  int64_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int difference = std::abs(static_cast<int>(a[i]) - static_cast<int>(b[i]));
    if (difference >= kSameAnywhere) return false;
    sum += difference;
  }
  return static_cast<double>(sum) < kSameMean * static_cast<double>(a.size());
}

FeatureRows feature_rows(std::span<const FrameFeatures> frames) {
  FeatureRows rows;
  if (frames.empty()) return rows;
  Matrix pose = pose_block(frames);
  scale_block(pose, 1e-8);
  const bool have_looks = std::all_of(
      frames.begin(), frames.end(), [](const FrameFeatures& frame) { return !frame.look.empty(); });
  Matrix look(frames.size(), 0);
  if (have_looks) {
    look = look_block(frames);
    scale_block(look, 1e-2);
  }
  rows.width = static_cast<size_t>(pose.cols() + look.cols());
  rows.values.reserve(rows.width * frames.size());
  for (size_t f = 0; f < frames.size(); ++f) {
    for (Eigen::Index j = 0; j < pose.cols(); ++j) rows.values.push_back(pose(f, j));
    for (Eigen::Index j = 0; j < look.cols(); ++j) rows.values.push_back(look(f, j));
  }
  return rows;
}

}  // namespace posse
