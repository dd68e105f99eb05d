// Manifests of studies, as csv and as yaml.
#include "base/error.h"
#include "fuzz/fuzz_target.h"
#include "study/experiments/manifest.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  const std::string text(text_of(input));
  try {
    parse_manifest(text, "fuzz.csv", false);
  } catch (const Error&) {
    // refused: the text may still be yaml
  }
  parse_manifest(text, "fuzz.yaml", true);
}
