#include "network/backends/onnxruntime/failure.h"

#include <algorithm>
#include <array>
#include <string>

namespace posse::ort {
namespace {

constexpr std::array<std::string_view, 9> kMemory = {
    "out of memory",       "outofmemory",         "out_of_memory", "failed to allocate memory",
    "available memory of",  // bfc_arena.cc
    "alloc_failed",         // cuBLAS, cuDNN
    "not enough memory",   "insufficient memory", "bad_alloc"};
constexpr std::array<std::string_view, 16> kLost = {
    "device lost",       "device was lost",
    "device_lost",       "device is lost",
    "device_removed",    "device removed",
    "device_hung",       "device_reset",
    "887a0005",          "887a0006",  // Direct3D's numbers of removed and hung
    "887a0007",          "illegal memory access",
    "cuda failure 700",  "unspecified launch failure",
    "uncorrectable ecc", "fallen off the bus",
};

template <size_t kCount>
bool has_any(const std::string& text, const std::array<std::string_view, kCount>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

ErrorKind kind_of_failure(std::string_view words) {
  std::string text(words);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (has_any(text, kLost)) return ErrorKind::device_lost;
  return has_any(text, kMemory) ? ErrorKind::device_memory : ErrorKind::unavailable;
}

}  // namespace posse::ort
