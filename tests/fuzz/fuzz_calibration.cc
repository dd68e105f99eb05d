// Anipose calibrations; what was read has to be usable.
#include "cameras/calibration.h"
#include "fuzz/fuzz_target.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  parse_calibration(std::string(text_of(input)), "fuzz.toml");
}
