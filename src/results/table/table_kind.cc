#include "results/table/table_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/files.h"
#include "base/utf16.h"
#include "results/formats/hdf5/hdf5_file.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// @throws Error(bad_file, unsupported) if it is none that posse knows
TableKind detect_hdf5_table(const fs::path& path) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle file = hdf5::open_for_reading(path);
  const auto has = [&](const char* name) { return hdf5::has_member(file.get(), name); };
  if (has("metadata") && has("frames") && has("instances")) return TableKind::slp;
  if (has("tracks") && has("node_names")) return TableKind::sleap_analysis;
  if (has("specifications") || H5Aexists(file.get(), "nwb_version") > 0) {
    throw Error(ErrorKind::unsupported, fmt::format("{}: is an NWB file", path.string()),
                {.hint = "in Python with movement: save_poses.to_dlc_file("
                         "load_poses.from_nwb_file(FILE), 'X.h5')"});
  }
  return TableKind::pandas_hdf5;
}

}  // namespace

TableKind detect_table_kind(const fs::path& path) {
  constexpr std::array<uint8_t, 8> kHdf5Signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};
  {
    const MappedFile file(path);
    const auto bytes = file.bytes();
    const bool is_hdf5 = bytes.size() >= kHdf5Signature.size() &&
                         std::equal(kHdf5Signature.begin(), kHdf5Signature.end(), bytes.begin());
    if (bytes.empty()) throw Error(ErrorKind::bad_file, fmt::format("{}: is empty", path.string()));
    if (!is_hdf5) {
      const auto head = bytes.subspan(0, std::min<size_t>(bytes.size(), 512));
      const auto encoding =
          utf16_encoding({reinterpret_cast<const char*>(head.data()), head.size()});
      if (!encoding.empty()) {
        throw Error(ErrorKind::bad_file,
                    fmt::format("{}: is UTF-16 text, expected UTF-8", path.string()),
                    {.hint = fmt::format("iconv -f {} -t UTF-8 FILE > NEW", encoding)});
      }
      if (std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; })) {
        throw Error(ErrorKind::bad_file,
                    fmt::format("{}: holds only NUL bytes, as a crash or a full disk leaves them",
                                path.string()),
                    {.hint = "take the file from a copy"});
      }
      if (std::find(head.begin(), head.end(), uint8_t{0}) != head.end()) {
        throw Error(
            ErrorKind::bad_file,
            fmt::format("{}: is neither text nor HDF5, so it is no pose table", path.string()));
      }
      return TableKind::csv;
    }
  }
  return detect_hdf5_table(path);
}

}  // namespace posse
