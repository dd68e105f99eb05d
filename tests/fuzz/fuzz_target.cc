#include "fuzz/fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/files.h"

namespace posse::fuzz {
namespace fs = std::filesystem;

void expect_result_or_error(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.message().empty()) std::abort();
  }
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

uint8_t Input::byte() { return static_cast<uint8_t>(number(1)); }

uint64_t Input::number(size_t size) {
  const std::string bytes = take(std::min<size_t>(size, 8));
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

std::string Input::text() {
  const uint64_t size = number(2);
  return take(size);
}

std::string Input::rest() { return take(bytes_.size()); }

std::string Input::take(size_t size) {
  const auto head = bytes_.first(std::min(size, bytes_.size()));
  bytes_ = bytes_.subspan(head.size());
  return std::string(text_of(head));
}

fs::path scratch_file(const std::string& name, std::string_view bytes) {
  static const TemporaryFolder folder;
  const fs::path path = folder.path() / name;
  fs::create_directories(path.parent_path());
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) {
    std::perror(path.c_str());
    std::exit(2);
  }
  std::fclose(file);
  return path;
}

}  // namespace posse::fuzz

// The name that libFuzzer looks for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT
  posse::fuzz::expect_result_or_error([&] { posse::fuzz::read_input({data, size}); });
  return 0;
}
