#include "results/formats/hdf5/pandas_hdf5.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/formats/hdf5/pandas_fixed.h"
#include "results/formats/hdf5/pandas_records.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// The one pandas object of the file, or the one that goes by a usual name.
std::string choose_object(const fs::path& path, const hdf5::Reader& reader, hid_t file) {
  std::vector<std::string> found;
  for (const std::string& name : hdf5::member_names(file)) {
    const hdf5::Handle group(
        hdf5::has_member(file, name) ? H5Gopen2(file, name.c_str(), H5P_DEFAULT) : H5I_INVALID_HID);
    if (group.valid() && H5Aexists(group.get(), "pandas_type") > 0) found.push_back(name);
  }
  if (found.empty()) reader.fail("holds no pandas table");
  for (const char* usual : {"df_with_missing", "keypoints", "predictions", "tracks"}) {
    if (std::find(found.begin(), found.end(), usual) != found.end()) return usual;
  }
  if (found.size() > 1) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: holds {} pandas objects, none under the name df_with_missing",
                            path.string(), found.size()),
                {.have = list_names(found)});
  }
  return found.front();
}

}  // namespace

bool has_group_of_posse(const fs::path& path) {
  const hdf5::QuietErrors quiet;
  try {
    const hdf5::Handle file = hdf5::open_for_reading(path);
    return hdf5::has_member(file.get(), "posse");
  } catch (const Error&) {  // no HDF5 file is an answer
    return false;
  }
}

RawTable read_pandas_hdf5(const fs::path& path, const TakeRows& take_rows) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle file = hdf5::open_for_reading(path);
  const hdf5::Reader reader(path, size_of_file(path));
  const std::string name = choose_object(path, reader, file.get());
  const hdf5::Handle group(H5Gopen2(file.get(), name.c_str(), H5P_DEFAULT));
  if (!group.valid()) reader.fail(fmt::format("group '{}' cannot be opened", name));
  const std::string type = hdf5::text_attribute(group.get(), "pandas_type").value_or("");
  pandas::TableBuilder builder(reader);
  builder.table.layout =
      fmt::format("HDF5, pandas {} under /{}", type == "frame" ? "fixed" : "table", name);
  if (type == "frame_table") {
    pandas::read_records(path, reader, group.get(), take_rows, builder);
  } else if (type == "frame") {
    pandas::read_fixed(reader, group.get(), builder);
  } else {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: '{}' is a pandas object of type '{}', expected a table",
                            path.string(), name, printable(type)));
  }
  if (take_rows) take_rows(builder.table);
  return std::move(builder.table);
}

}  // namespace posse
