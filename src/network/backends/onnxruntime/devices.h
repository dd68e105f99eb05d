/// Lists the devices that --device can name: the providers of ONNX Runtime that compute, and what
/// installs them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace posse::ort {

/// A kind of device.
struct DeviceKind {
  std::string_view word;          ///< for --device
  std::string_view provider;      ///< as ONNX Runtime calls it
  std::string_view short_name;    ///< under which it is appended to a session
  std::string_view install_line;  ///< the command that brings a library with it
  std::string_view needs;         ///< what must be there beside that
  bool has_tf32 = false;
  // A provider in a library of its own, for a library that is built without; empty: there is none.
  std::string_view plugin;           ///< its file's name without ".so"
  std::string_view plugin_provider;  ///< as it calls itself
  std::string_view plugin_line;      ///< the command that brings it; empty: it is not on PyPI
};

/// All, those to be tried first in front; `cpu` is the last.
std::span<const DeviceKind> device_kinds();

/// A device of a kind.
struct Device {
  const DeviceKind* kind = nullptr;
  int number = 0;  ///< of several cards, from 0

  /// "cpu", "cuda", "cuda:1"
  std::string text() const;
};

/// "cpu", "cuda", "cuda:1", ... but not "auto". @throws Error(usage)
Device parse_device(std::string_view text);

/// How a library of ONNX Runtime is got on this system, a line each for pip, conda and apt.
std::string install_lines();

}  // namespace posse::ort
