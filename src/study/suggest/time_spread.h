/// Chooses frames that lie apart in time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace posse {

/// Rows of one video's frames that may still be chosen.
class FreeRows {
 public:
  /// @param frames  [rows] rising frame numbers; must outlive it
  /// @param apart  frames, at least 0
  FreeRows(std::span<const int64_t> frames, double apart)
      : frames_(frames), apart_(apart), taken_(frames.size()) {}

  bool is_free(size_t row) const { return taken_[row] == 0; }
  /// Takes the rows closer than `apart` to a frame, and that frame's own.
  void block_around(int64_t frame);

 private:
  std::span<const int64_t> frames_;
  double apart_;
  std::vector<uint8_t> taken_;
};

/// Rows of the highest scores that are free and lie apart from each other, highest first, ties by
/// row; at most `count`, and at most `count_special` of them special.
/// @param special  [rows] 1: special; as frames without the animal
std::vector<size_t> highest_apart(std::span<const float> scores, std::span<const int64_t> frames,
                                  std::span<const uint8_t> special, FreeRows free, size_t count,
                                  size_t count_special);

/// About `count` free rows at even distances, which lie apart from each other.
std::vector<size_t> evenly_apart(std::span<const int64_t> frames, FreeRows free, size_t count);

}  // namespace posse
