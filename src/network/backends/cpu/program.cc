#include "network/backends/cpu/program.h"

namespace posse::cpu {

std::vector<ValueId> values_read(const Step& step) {
  std::vector<ValueId> read;
  for (const ValueId value : {step.input, step.residual, step.affine}) {
    if (value >= 0) read.push_back(value);
  }
  read.insert(read.end(), step.parts.begin(), step.parts.end());
  return read;
}

std::vector<int> last_uses(const Program& program) {
  std::vector<int> last(program.values.size(), -1);
  for (size_t i = 0; i < program.steps.size(); ++i) {
    for (const ValueId value : values_read(program.steps[i])) {
      last[static_cast<size_t>(value)] = static_cast<int>(i);
    }
  }
  if (program.exit >= 0) {
    last[static_cast<size_t>(program.exit)] = static_cast<int>(program.steps.size());
  }
  return last;
}

}  // namespace posse::cpu
