/// Content hashes for run.json, resuming and caches.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace posse {

/// SHA-256, fed piece by piece; the same digest as `sha256sum`.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const uint8_t> bytes);
  void update(std::string_view text);
  /// 64 lower-case hexadecimal digits. Call once, at the end.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a whole file. @throws Error(not_found or io)
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace posse
