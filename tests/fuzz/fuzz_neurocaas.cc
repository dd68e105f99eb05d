// The configuration of a NeuroCAAS job, as YAML and as JSON: what is read of it is plain lines for
// the script.
#include <algorithm>

#include "base/error.h"
#include "cluster/neurocaas_config.h"
#include "fuzz/fuzz_target.h"

namespace posse::fuzz {

void read_input(std::span<const uint8_t> input) {
  for (const char* name : {"config.yaml", "config.json"}) {
    expect_result_or_error([&] {
      const NeurocaasConfig config = parse_neurocaas_config(std::string(text_of(input)), name);
      const std::string lines = lines_of(config);
      // mode and modelpath, and one tab in each line
      const size_t count = 2 + config.models.size() + config.options.size() + config.notes.size();
      POSSE_ASSERT(static_cast<size_t>(std::ranges::count(lines, '\n')) == count);
      POSSE_ASSERT(static_cast<size_t>(std::ranges::count(lines, '\t')) == count);
    });
  }
}

}  // namespace posse::fuzz
