/// Checks a shared library's file before it is loaded, since loading one that is cut off can end
/// the process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace posse::ort {

/// Why the file at `path` cannot be loaded into this process: it is missing, empty, cut off, no
/// library, or made for another kind of processor. nullopt: nothing speaks against it. Only ELF is
/// looked into; of other formats, as macOS has them, only that the file is there.
std::optional<std::string> why_not_loadable(const std::filesystem::path& path);

}  // namespace posse::ort
