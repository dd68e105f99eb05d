#include "base/host.h"

#include <unistd.h>

#include "base/text.h"

namespace posse {

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof(name) - 1);
  return printable(name);
}

}  // namespace posse
