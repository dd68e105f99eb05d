#include "results/table/extra_reader.h"

#include <fmt/format.h>

#include "base/error.h"
#include "results/formats/hdf5/hdf5_file.h"

namespace posse {
namespace {

/// The group /posse; not valid without one.
hdf5::Handle group_of(const hdf5::Handle& file) {
  return hdf5::Handle(hdf5::has_member(file.get(), "posse")
                          ? H5Gopen2(file.get(), "posse", H5P_DEFAULT)
                          : H5I_INVALID_HID);
}

}  // namespace

bool has_extra(const std::filesystem::path& path, const std::string& name) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle file = hdf5::open_for_reading(path);
  const hdf5::Handle group = group_of(file);
  return group.valid() && hdf5::has_member(group.get(), name);
}

ExtraValues read_extra(const std::filesystem::path& path, const std::string& name) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle file = hdf5::open_for_reading(path);
  const hdf5::Reader reader(path, std::filesystem::file_size(path));
  const hdf5::Handle group = group_of(file);
  if (!group.valid() || !hdf5::has_member(group.get(), name)) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: holds no /posse/{}: it is no consensus table of posse run",
                            path.string(), name));
  }
  hdf5::Extent extent;
  ExtraValues extra{.extents = {}, .values = reader.doubles(group.get(), name, &extent)};
  extra.extents.assign(extent.dims.begin(), extent.dims.end());
  return extra;
}

}  // namespace posse
