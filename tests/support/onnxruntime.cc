#include "support/onnxruntime.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/shared_data.h"

namespace posse::testing {
namespace {

namespace fs = std::filesystem;

fs::path find() {
  if (const char* named = std::getenv("POSSE_ORT_LIBRARY")) return named;
  const std::string command =
      "cd '" + source_folder().string() + "' && scripts/pypi_env.py onnxruntime 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string interpreter;
  std::array<char, 256> line;
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) interpreter += line.data();
  if (WEXITSTATUS(pclose(pipe)) != 0) return {};
  interpreter.erase(interpreter.find_last_not_of('\n') + 1);
  const fs::path lib = fs::path(interpreter).parent_path().parent_path() / "lib";
  for (const auto& entry : fs::recursive_directory_iterator(lib)) {
    if (entry.path().filename().string().starts_with("libonnxruntime.so")) return entry.path();
  }
  return {};
}

}  // namespace

const fs::path& onnxruntime_library() {
  static const fs::path library = find();
  return library;
}

}  // namespace posse::testing
