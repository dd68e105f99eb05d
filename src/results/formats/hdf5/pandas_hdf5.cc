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
  if (found.empty() && hdf5::member_names(file).empty()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: is an HDF5 file with nothing in it", printable(path.string())),
                {.hint = "the program that made it stopped before it wrote: write the file again"});
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

constexpr const char* kUnfinishedHint =
    "pandas stops so at a column that it cannot write, as one with text or objects among numbers: "
    "look at df.dtypes, make the columns numbers with df.astype(float), and write the file again";

/// What pandas writes last of an object, where that is missing; empty of a whole one.
std::string missing_part(hid_t group, const std::string& type) {
  if (type == "frame_table") return hdf5::has_member(group, "table") ? "" : "its rows are missing";
  if (type != "frame") return "";
  const auto blocks = hdf5::integer_attribute(group, "nblocks");
  if (!blocks) return "its values are missing";
  for (int64_t block = 0; block < std::min<int64_t>(*blocks, 1000); ++block) {
    const bool has_values = hdf5::has_member(group, fmt::format("block{}_values", block));
    const std::string names = fmt::format("block{}_items_variety", block);
    if (has_values && H5Aexists(group, names.c_str()) > 0) continue;
    return fmt::format("block {} of its {} blocks of columns is missing or has no names", block + 1,
                       *blocks);
  }
  return "";
}

void refuse_unfinished(const fs::path& path, hid_t group, const std::string& name,
                       const std::string& type) {
  const std::string missing = missing_part(group, type);
  if (missing.empty()) return;
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: the pandas table '{}' was not written to its end: {}",
                          printable(path.string()), printable(name), missing),
              {.hint = kUnfinishedHint});
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
  refuse_unfinished(path, group.get(), name, type);
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
