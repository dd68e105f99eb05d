/// Plug-ins: providers in libraries of their own, which ONNX Runtime 1.22 and later loads beside
/// those built into it.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/library.h"
#include "network/backends/onnxruntime/places.h"

namespace posse::ort {

/// A plug-in's file.
struct Plugin {
  std::filesystem::path file;
  const DeviceKind* kind = nullptr;
};

/// Plug-ins that are there, at most one of a kind of device: of the files that POSSE_ORT_PLUGINS
/// names (with ":" between them), then beside the library, then of Python packages
/// (onnxruntime_ep_*), those that lie where the library's own package does in front. The files'
/// names say of which kind they are (DeviceKind::plugin).
/// @param library  file of ONNX Runtime's library
std::vector<Plugin> find_plugins(const std::filesystem::path& library,
                                 const Surroundings& surroundings = own_surroundings());

/// The plug-in for a kind that the library is built without; nullopt if there is none, or no need.
std::optional<Plugin> plugin_for(const Library& library, const DeviceKind& kind);

/// Devices that a plug-in offers on this machine: cards in front, then neural units, then
/// processors; perhaps none. Registers the plug-in first; it stays until the process ends, as the
/// library does.
/// @throws Error(unavailable) if the library is too old, or refuses the file
std::vector<const EpDevice*> plugin_devices(const Library& library, const Plugin& plugin);

/// Has a session compute on the device number `device.number` of a plug-in.
/// @param tf32  float32 with 10 bits of mantissa, where the plug-in can be told
/// @throws as plugin_devices(); Error(unavailable) if there is no such device
void append_plugin(const Library& library, const Plugin& plugin, const Device& device, bool tf32,
                   SessionOptions* options);

}  // namespace posse::ort
