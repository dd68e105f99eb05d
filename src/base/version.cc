#include "base/version.h"

namespace posse {

std::string version() { return POSSE_VERSION; }

}  // namespace posse
