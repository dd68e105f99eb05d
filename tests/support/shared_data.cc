#include "support/shared_data.h"

#include <cstdlib>
#include <functional>
#include <string>

namespace posse::testing {
namespace fs = std::filesystem;

fs::path source_folder() { return POSSE_SOURCE_FOLDER; }

fs::path shared_data() {
  if (const char* named = std::getenv("POSSE_SHARED_DATA")) {
    return fs::exists(named) ? fs::path(named) : fs::path();
  }
  const fs::path beside = source_folder().parent_path() / "shared" / "data";
  return fs::exists(beside) ? beside : fs::path();
}

unsigned seed_of_this_test() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  unsigned hash = 2166136261U;
  for (const char c : std::string(info->test_suite_name()) + "." + info->name()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

}  // namespace posse::testing
