#include "consensus/track/evidence_mixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "consensus/track/evidence_kernels.h"

namespace posse {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> random_map(size_t cells, size_t parts, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> logit(-8, 5);
  std::vector<float> map(cells * parts);
  for (float& value : map) value = logit(random);
  return map;
}

/// The plain second implementation, in double precision: [cells, bodyparts].
std::vector<double> softmax(const std::vector<float>& map, size_t parts) {
  std::vector<double> highest(parts, -1e30);
  std::vector<double> sums(parts, 0.0);
  for (size_t i = 0; i < map.size(); ++i)
    highest[i % parts] = std::max(highest[i % parts], static_cast<double>(map[i]));
  std::vector<double> result;
  for (size_t i = 0; i < map.size(); ++i) {
    result.push_back(std::exp(static_cast<double>(map[i]) - highest[i % parts]));
    sums[i % parts] += result.back();
  }
  for (size_t i = 0; i < map.size(); ++i) result[i] /= sums[i % parts];
  return result;
}

TEST(EvidenceMixture, IsTheWeightedSumOfSoftmaxMaps) {
  EvidenceMixture mixture;
  for (const size_t parts : {1, 2, 5, 17}) {
    for (const size_t cells : {1, 31, 32, 33, 150}) {  // blocks are of 32 cells
      const auto one = random_map(cells, parts, 1);
      const auto other = random_map(cells, parts, 2);
      mixture.start(cells, parts);
      mixture.read(one.data());
      mixture.add(std::vector<double>(parts, 0.25));
      mixture.read(other.data());
      EXPECT_EQ(
          mixture.highest(parts - 1), *std::ranges::max_element(other, {}, [&](const float& x) {
            return static_cast<size_t>(&x - other.data()) % parts == parts - 1 ? x : -kInfinity;
          }));
      mixture.add(std::vector<double>(parts, 0.5));
      const auto a = softmax(one, parts);
      const auto b = softmax(other, parts);
      for (size_t i = 0; i < a.size(); ++i) {
        const double expected = 0.25 * a[i] + 0.5 * b[i];
        // e^x to 1.3e-7 of itself or e^-25, the scale and two sums rounded to float32.
        EXPECT_NEAR(static_cast<double>(mixture.at(i / parts, i % parts)), expected,
                    5e-7 * expected + 1e-10);
      }
    }
  }
}

TEST(EvidenceMixture, ABodypartWithNanOrWithoutAnythingDoesNotVote) {
  const size_t parts = 3;
  std::vector<float> map = random_map(70, parts, 3);
  const auto other = softmax(map, parts);
  map[69 * parts] = kNan;
  for (size_t c = 0; c < 70; ++c) map[c * parts + 1] = -kInfinity;
  EvidenceMixture mixture;
  mixture.start(70, parts);
  mixture.read(map.data());
  EXPECT_FALSE(mixture.votes(0));
  EXPECT_FALSE(mixture.votes(1));
  EXPECT_TRUE(mixture.votes(2));
  mixture.add(std::vector<double>(parts, 1.0));
  for (size_t c = 0; c < 70; ++c) {
    EXPECT_EQ(mixture.at(c, 0), 0);
    EXPECT_EQ(mixture.at(c, 1), 0);
    EXPECT_NEAR(static_cast<double>(mixture.at(c, 2)), other[c * parts + 2], 1e-6);
  }
}

TEST(EvidenceMixture, FindsWhatIsAboveAThresholdOfEachBodypart) {
  const size_t parts = 5;
  const auto map = random_map(77, parts, 4);
  EvidenceMixture mixture;
  mixture.start(77, parts);
  mixture.read(map.data());
  mixture.add(std::vector<double>(parts, 1.0));
  const std::vector<float> least = {0.01F, -1, kInfinity, 0.5F, 1e-4F};
  std::vector<EvidenceMixture::Found> found;
  mixture.find_above(least, found);
  size_t next = 0;
  for (size_t c = 0; c < 77; ++c) {
    for (size_t p = 0; p < parts; ++p) {
      if (!(mixture.at(c, p) > least[p])) continue;
      ASSERT_LT(next, found.size());
      EXPECT_EQ(found[next].cell, c);
      EXPECT_EQ(found[next++].bodypart, p);
    }
  }
  EXPECT_EQ(next, found.size());
}

class EvidenceKernelsOf : public ::testing::TestWithParam<InstructionSet> {};

TEST_P(EvidenceKernelsOf, AreWhatTheyAreInPlainNumbers) {
  const EvidenceKernels& kernels = *evidence_kernels_for(GetParam());
  const size_t count = kBlockCells * 3;
  const std::vector<float> logits = random_map(count, 1, 5);
  std::vector<float> highest = random_map(count, 1, 6);
  std::vector<float> expected(count), weights(count), found_values(count);
  std::vector<double> sums(count, 1.0);
  std::ranges::transform(logits, highest, expected.begin(),
                         [](float a, float b) { return std::max(a, b); });
  EXPECT_FALSE(kernels.keep_highest(logits.data(), count, highest.data()));
  EXPECT_EQ(highest, expected);
  std::vector<float> with_nan = logits;
  with_nan[count - 2] = kNan;
  EXPECT_TRUE(kernels.keep_highest(with_nan.data(), count, highest.data()));
  EXPECT_EQ(highest, expected);
  kernels.add_softmax(logits.data(), highest.data(), count, weights.data(), sums.data());
  for (size_t i = 0; i < count; ++i) {
    const float above = logits[i] - highest[i];
    const double weight = above > -kNegligible ? std::exp(static_cast<double>(above)) : 0;
    EXPECT_NEAR(static_cast<double>(weights[i]), weight, 1.3e-7 * weight);
    EXPECT_EQ(sums[i], 1 + static_cast<double>(weights[i]));
  }
  const std::vector<float> scale = random_map(count, 1, 7);
  std::vector<float> mixture = logits;
  kernels.mix(weights.data(), scale.data(), count, mixture.data());
  for (size_t i = 0; i < count; ++i) EXPECT_EQ(mixture[i], logits[i] + scale[i] * weights[i]);
  std::vector<uint32_t> found(count);
  found.resize(kernels.find_above(logits.data(), scale.data(), count, found.data()));
  size_t above = 0;
  for (size_t i = 0; i < count; ++i) above += logits[i] > scale[i] ? 1 : 0;
  EXPECT_EQ(found.size(), above);
  EXPECT_TRUE(std::ranges::is_sorted(found));
  for (const uint32_t i : found) EXPECT_GT(logits[i], scale[i]);
}

INSTANTIATE_TEST_SUITE_P(All, EvidenceKernelsOf, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& one) { return std::string(name_of(one.param)); });

}  // namespace
}  // namespace posse
