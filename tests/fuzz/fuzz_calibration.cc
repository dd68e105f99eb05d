// Anipose calibrations, and those of views of one picture; what was read has to be usable.
#include "base/error.h"
#include "cameras/calibration.h"
#include "cameras/epipolar.h"
#include "fuzz/fuzz_target.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  const std::string text(text_of(input));
  try {
    const ViewCalibration views = parse_view_calibration(text, "fuzz.toml");
    for (const auto& pair : views.pairs) {
      if (pair) pair->difference(pair->straight_a({1, 2}), pair->straight_b({3, 4}));
    }
  } catch (const Error&) {
    // refused: the text may still be a calibration of one camera
  }
  parse_calibration(text, "fuzz.toml");
}
