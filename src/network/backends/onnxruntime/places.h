/// Lists the places where a library of ONNX Runtime may lie.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace posse::ort {

/// What is asked for the places: the environment's variables, and the root of the file system,
/// which tests make up.
struct Surroundings {
  /// Value of an environment variable; empty if it is not set.
  std::function<std::string(const char*)> variable;
  std::filesystem::path root = "/";
};

/// The surroundings of this process.
Surroundings own_surroundings();

/// Libraries that are there, those to be tried first in front: of the active virtual environment
/// (VIRTUAL_ENV), of the active conda environment (CONDA_PREFIX), of the Python that PATH leads to,
/// of the user's own packages (~/.local), then /usr/local, /usr and /opt. Of several versions in
/// one place the newest is first.
std::vector<std::filesystem::path> library_places(const Surroundings& surroundings);

/// Folders of Python packages, in the same order: some of them need not be there.
std::vector<std::filesystem::path> package_folders(const Surroundings& surroundings);

}  // namespace posse::ort
