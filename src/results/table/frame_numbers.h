/// Checks the frame numbers of a table's rows: not negative, each more than the one before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

namespace posse {

/// @param rows_before  rows of the table before these
/// @param last  frame number of the row before these
/// @throws Error(bad_file), naming the row, for a number that is negative, repeated or not rising
void require_rising_frames(std::span<const int64_t> frames, size_t rows_before,
                           std::optional<int64_t> last, const std::filesystem::path& path);

}  // namespace posse
