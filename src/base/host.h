/// Gives the name of the machine that this process runs on.
#pragma once

#include <string>

namespace posse {

/// As the system calls it; control characters as printable() shows them. Empty if it has no name.
std::string host_name();

}  // namespace posse
