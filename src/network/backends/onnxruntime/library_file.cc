#include "network/backends/onnxruntime/library_file.h"

#include <fmt/format.h>
#ifdef __linux__
#include <elf.h>
#endif

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

namespace posse::ort {
namespace {

namespace fs = std::filesystem;

#ifdef __linux__
/// Elf64_Ehdr if the file begins with a whole one.
std::optional<Elf64_Ehdr> header_of(std::ifstream& file) {
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (file.gcount() != sizeof header) return std::nullopt;
  return header;
}

bool is_elf(const Elf64_Ehdr& header) { return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0; }

std::string machine_name(const Elf64_Ehdr& header) {
  switch (header.e_machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "64-bit ARM";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    default:
      return fmt::format("ELF machine {}", header.e_machine);
  }
}

/// The end of the last part that would be mapped; more than the file has: it is cut off.
uint64_t end_of_parts(std::ifstream& file, const Elf64_Ehdr& header) {
  uint64_t end = header.e_phoff + uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part{};
    file.read(reinterpret_cast<char*>(&part), sizeof part);
    if (file.gcount() != sizeof part) return UINT64_MAX;
    end = std::max<uint64_t>(end, part.p_offset + part.p_filesz);
  }
  return end;
}

/// As why_not_loadable(), of a file that is there and not empty.
std::optional<std::string> why_not_this_elf(std::ifstream& file, uint64_t size) {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  const auto own = header_of(self);
  const auto header = header_of(file);
  if (!header) return fmt::format("it is cut off: {} bytes are no library", size);
  if (!is_elf(*header)) return "it is no library of this system (no ELF file)";
  if (own && is_elf(*own) &&
      (header->e_machine != own->e_machine ||
       header->e_ident[EI_CLASS] != own->e_ident[EI_CLASS])) {
    return fmt::format("it is made for {} processors, posse here for {}", machine_name(*header),
                       machine_name(*own));
  }
  const bool is_64_bit = header->e_ident[EI_CLASS] == ELFCLASS64;
  if (is_64_bit && end_of_parts(file, *header) > size) {
    return fmt::format("it is cut off: {} bytes are there, more belong to it", size);
  }
  return std::nullopt;
}
#endif

}  // namespace

std::optional<std::string> why_not_loadable(const fs::path& path) {
  std::error_code failure;
  if (!fs::exists(path, failure)) return "there is no such file";
  if (fs::is_directory(path, failure)) return "it is a folder, not a library";
  const uint64_t size = fs::file_size(path, failure);
  std::ifstream file(path, std::ios::binary);
  if (failure || !file) return "it cannot be read";
  if (size == 0) return "it is empty";
#ifdef __linux__
  return why_not_this_elf(file, size);
#else
  return std::nullopt;
#endif
}

}  // namespace posse::ort
