#include "consensus/track/evidence_mixture.h"

#include <algorithm>
#include <limits>

#include "consensus/track/evidence_kernels.h"

namespace posse {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// values[i] for every i-th of several that follow one another again and again.
void repeat(std::span<const float> values, std::vector<float>& repeated) {
  for (size_t i = 0; i < repeated.size(); i += values.size())
    std::ranges::copy(values, repeated.begin() + static_cast<std::ptrdiff_t>(i));
}

}  // namespace

size_t EvidenceMixture::block() const { return kBlockCells * parts_; }

size_t EvidenceMixture::num_blocks() const { return (cells_ + kBlockCells - 1) / kBlockCells; }

void EvidenceMixture::start(size_t num_cells, size_t num_bodyparts) {
  cells_ = num_cells;
  parts_ = num_bodyparts;
  mixture_.assign(num_blocks() * block(), 0.0F);
  weights_.resize(mixture_.size());
  last_.resize(block());
  of_block_.resize(block());
  found_.resize(block());
}

void EvidenceMixture::read(const float* logits) {
  const EvidenceKernels& kernels = evidence_kernels();
  logits_ = logits;
  highest_.assign(parts_, -kInfinity);
  votes_.assign(parts_, mixture_.empty() ? 0 : 1);
  if (mixture_.empty()) return;
  const size_t whole = (num_blocks() - 1) * block();
  std::ranges::fill(last_, -kInfinity);
  std::copy(logits + whole, logits + cells_ * parts_, last_.begin());
  std::ranges::fill(of_block_, -kInfinity);
  bool has_nan = false;
  for (size_t b = 0; b < num_blocks(); ++b)
    has_nan = kernels.keep_highest(logits_of(b), block(), of_block_.data()) || has_nan;
  for (size_t i = 0; i < block(); ++i)
    highest_[i % parts_] = std::max(highest_[i % parts_], of_block_[i]);
  if (has_nan) look_for_nan();
  for (size_t p = 0; p < parts_; ++p) {
    votes_[p] = static_cast<char>(votes_[p] != 0 && highest_[p] > -kInfinity);
    highest_[p] = std::min(highest_[p], std::numeric_limits<float>::max());
  }
}

void EvidenceMixture::look_for_nan() {
  for (size_t i = 0; i < cells_ * parts_; ++i) {
    if (logits_[i] != logits_[i]) votes_[i % parts_] = 0;
  }
}

void EvidenceMixture::add(std::span<const double> weights) {
  const EvidenceKernels& kernels = evidence_kernels();
  repeat(highest_, of_block_);
  sums_.assign(block(), 0.0);
  for (size_t b = 0; b < num_blocks(); ++b) {
    kernels.add_softmax(logits_of(b), of_block_.data(), block(), weights_.data() + b * block(),
                        sums_.data());
  }
  std::vector<double> sums(parts_, 0.0);
  for (size_t i = 0; i < sums_.size(); ++i) sums[i % parts_] += sums_[i];
  std::vector<float> scale(parts_, 0.0F);
  for (size_t p = 0; p < parts_; ++p) {
    if (votes(p)) scale[p] = static_cast<float>(weights[p] / sums[p]);
  }
  repeat(scale, of_block_);
  for (size_t b = 0; b < num_blocks(); ++b) {
    kernels.mix(weights_.data() + b * block(), of_block_.data(), block(),
                mixture_.data() + b * block());
  }
}

void EvidenceMixture::find_above(std::span<const float> least, std::vector<Found>& found) {
  const EvidenceKernels& kernels = evidence_kernels();
  found.clear();
  repeat(least, of_block_);
  for (size_t b = 0; b < num_blocks(); ++b) {
    const size_t first = b * block();
    const size_t count =
        kernels.find_above(mixture_.data() + first, of_block_.data(), block(), found_.data());
    for (size_t k = 0; k < count; ++k) {
      const size_t at = first + found_[k];
      if (at < cells_ * parts_) found.push_back({.cell = at / parts_, .bodypart = at % parts_});
    }
  }
}

}  // namespace posse
