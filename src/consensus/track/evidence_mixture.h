/// Sums the members' softmax maps of a frame, each weighted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace posse {

/// Takes maps [cells, bodyparts] one after another, each in a few passes at memory speed; keeps its
/// memory from frame to frame.
class EvidenceMixture {
 public:
  /// Forgets all maps.
  void start(size_t num_cells, size_t num_bodyparts);

  /// Looks at a member's map, [cells, bodyparts] of logits, which stays the caller's until add().
  void read(const float* logits);
  /// True unless the map that was read has NaN or nothing but -inf for the bodypart.
  bool votes(size_t bodypart) const { return votes_[bodypart] != 0; }
  /// The map's largest logit of the bodypart, finite where it votes.
  float highest(size_t bodypart) const { return highest_[bodypart]; }
  /// Adds the softmax of the map that was read, for each bodypart times its weight, where it votes.
  void add(std::span<const double> weights);

  float at(size_t cell, size_t bodypart) const { return mixture_[cell * parts_ + bodypart]; }

  struct Found {
    size_t cell = 0;
    size_t bodypart = 0;
  };
  /// Where the sum is above least[bodypart], by cell, then by bodypart.
  void find_above(std::span<const float> least, std::vector<Found>& found);

 private:
  size_t block() const;
  size_t num_blocks() const;
  /// The next `block()` logits of the map, -inf behind its end.
  const float* logits_of(size_t number) const {
    return number + 1 < num_blocks() ? logits_ + number * block() : last_.data();
  }
  void look_for_nan();

  size_t cells_ = 0;
  size_t parts_ = 0;
  const float* logits_ = nullptr;
  std::vector<float> last_;      ///< [block] the map's last block
  std::vector<float> highest_;   ///< [bodyparts]
  std::vector<char> votes_;      ///< [bodyparts]
  std::vector<float> of_block_;  ///< [block] of bodyparts, again and again
  std::vector<double> sums_;     ///< [block]
  std::vector<float> weights_;   ///< [blocks, block] of one member
  std::vector<float> mixture_;   ///< [blocks, block]
  std::vector<uint32_t> found_;  ///< [block]
};

}  // namespace posse
