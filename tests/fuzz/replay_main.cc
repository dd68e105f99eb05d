// Without libFuzzer: reads every file named, and every file of the folders named, once. So the
// seeds are tests with every compiler. Words with a dash are libFuzzer's options and passed over.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);  // NOLINT

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;
    if (!fs::is_directory(argv[i])) {
      paths.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(argv[i])) paths.push_back(entry.path());
  }
  for (const fs::path& path : paths) {
    const std::string bytes = posse::read_file(path);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs read\n", paths.size());
  return paths.empty() ? 1 : 0;
}
