/// The version of posse.
#pragma once

#include <string>

namespace posse {

/// "0.1.0": the number in the file VERSION, the only place where it is written.
std::string version();

}  // namespace posse
