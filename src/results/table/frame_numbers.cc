#include "results/table/frame_numbers.h"

#include <fmt/format.h>

#include "base/error.h"

namespace posse {

void require_rising_frames(std::span<const int64_t> frames, size_t rows_before,
                           std::optional<int64_t> last, const std::filesystem::path& path) {
  for (const int64_t frame : frames) {
    const size_t row = ++rows_before;
    if (frame < 0) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: row {} has the negative frame number {}", path.string(), row, frame),
          {.hint = "frames count from 0: remove the rows, or number them anew"});
    }
    if (last && frame <= *last) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: frame number {} of row {} {} {}", path.string(), frame, row,
                              frame == *last ? "repeats that of the row before,"
                                             : "does not rise; the row before has",
                              *last),
                  {.hint = "sort the table by frame and remove repeated rows"});
    }
    last = frame;
  }
}

}  // namespace posse
