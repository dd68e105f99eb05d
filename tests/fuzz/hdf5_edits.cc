#include "fuzz/hdf5_edits.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "base/files.h"

namespace posse::fuzz {
namespace fs = std::filesystem;
namespace {

/// Small, so that no input spends its time on filling memory.
constexpr hsize_t kMostExtent = 9;
constexpr int kMostEdits = 24;

herr_t keep_object(hid_t root, const char* name, const H5O_info_t* info, void* out) {
  (void)root;
  (void)info;
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

herr_t keep_attribute(hid_t object, const char* name, const H5A_info_t* info, void* out) {
  (void)object;
  (void)info;
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

std::vector<std::string> objects_in(hid_t file) {
  std::vector<std::string> names;
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, keep_object, &names);
  return names;
}

std::vector<std::string> attributes_of(hid_t object) {
  std::vector<std::string> names;
  hsize_t position = 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &position, keep_attribute, &names);
  return names;
}

/// What an attribute or a dataset is written as. The pointed-to memory is owned by `bytes` and
/// `text`.
struct Value {
  hid_t type = H5I_INVALID_HID;
  hid_t space = H5I_INVALID_HID;
  std::vector<char> bytes;
  std::string text;  ///< of variable length

  Value() = default;
  ~Value() {
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
};

hid_t text_type(size_t size) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  return type;
}

/// A record with members as pandas and SLEAP name them, each of some type.
hid_t record_type(Input& input) {
  constexpr std::array kNames = {"index",          "values_block_0", "frame_id", "frame_idx",
                                 "instance_type",  "track",          "video",    "score",
                                 "point_id_start", "point_id_end",   "x",        "y"};
  const size_t num_members = 1 + input.byte() % 8;
  const hid_t record = H5Tcreate(H5T_COMPOUND, num_members * 128);
  for (size_t i = 0; i < num_members; ++i) {
    const hsize_t width = 1 + input.byte() % kMostExtent;
    hid_t member = H5I_INVALID_HID;
    switch (input.byte() % 6) {
      case 0:
        member = H5Tcopy(H5T_STD_I64LE);
        break;
      case 1:
        member = H5Tcopy(H5T_IEEE_F64LE);
        break;
      case 2:
        member = text_type(width);
        break;
      case 3:
        member = H5Tarray_create2(H5T_IEEE_F64LE, 1, &width);
        break;
      case 4:
        member = H5Tarray_create2(H5T_STD_I16BE, 1, &width);
        break;
      default:
        member = H5Tcopy(H5T_STD_U8LE);
    }
    H5Tinsert(record, kNames[input.byte() % kNames.size()], i * 128, member);  // once per name
    H5Tclose(member);
  }
  return record;
}

/// `count` is the most numbers or texts that the value may hold along one axis.
void choose_value(Input& input, Value& value) {
  std::array<hsize_t, 4> dims{};
  const int rank = input.byte() % 5;
  size_t count = 1;
  for (int i = 0; i < rank; ++i) {
    dims[static_cast<size_t>(i)] = input.byte() % (kMostExtent + 1);
    count *= dims[static_cast<size_t>(i)];
  }
  value.space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims.data(), nullptr);
  switch (input.byte() % 7) {
    case 0:
      value.type = H5Tcopy(H5T_STD_I64LE);
      break;
    case 1:
      value.type = H5Tcopy(H5T_IEEE_F64LE);
      break;
    case 2:
      value.type = H5Tcopy(H5T_IEEE_F32BE);
      break;
    case 3:
      value.type = H5Tcopy(H5T_NATIVE_B8);
      break;
    case 4:
      value.type = record_type(input);
      break;
    case 5:
      value.type = text_type(H5T_VARIABLE);
      value.text = input.text();
      value.bytes.resize(count * sizeof(char*));
      for (size_t i = 0; i < count; ++i) {
        const char* const at = value.text.c_str();
        std::memcpy(value.bytes.data() + i * sizeof at, &at, sizeof at);
      }
      return;
    default:
      value.type = text_type(std::max<size_t>(1, input.number(2) % 2048));
  }
  const std::string content = input.text();
  value.bytes.resize(count * H5Tget_size(value.type));
  std::copy_n(content.begin(), std::min(content.size(), value.bytes.size()), value.bytes.begin());
}

/// The commonest case: a text, as long as it is.
void choose_text(Input& input, Value& value) {
  const std::string text = input.text();
  value.space = H5Screate(H5S_SCALAR);
  value.type = text_type(std::max<size_t>(1, text.size()));
  value.bytes.assign(text.begin(), text.end());
  value.bytes.resize(std::max<size_t>(1, text.size()));
}

void replace_attribute(hid_t object, const std::string& name, const Value& value) {
  H5Adelete(object, name.c_str());
  const hid_t attribute =
      H5Acreate2(object, name.c_str(), value.type, value.space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0) return;
  if (!value.bytes.empty()) H5Awrite(attribute, value.type, value.bytes.data());
  H5Aclose(attribute);
}

/// The attributes go with the old dataset.
void replace_dataset(hid_t file, const std::string& name, const Value& value) {
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  const hid_t dataset = H5Dcreate2(file, name.c_str(), value.type, value.space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
  if (dataset < 0) return;
  if (!value.bytes.empty()) {
    H5Dwrite(dataset, value.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value.bytes.data());
  }
  H5Dclose(dataset);
}

/// Other bytes for the values of a dataset that stays what it is; no text of variable length.
void overwrite_dataset(hid_t dataset, const std::string& content) {
  const hid_t type = H5Dget_type(dataset);
  const hid_t space = H5Dget_space(dataset);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (!content.empty() && count > 0 && H5Tdetect_class(type, H5T_VLEN) <= 0 &&
      H5Tis_variable_str(type) <= 0) {
    std::vector<char> bytes(static_cast<size_t>(count) * H5Tget_size(type));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = content[i % content.size()];
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  }
  H5Sclose(space);
  H5Tclose(type);
}

void edit(hid_t file, const std::string& name, Input& input) {
  const hid_t object = H5Oopen(file, name.c_str(), H5P_DEFAULT);
  if (object < 0) return;
  const bool is_dataset = H5Iget_type(object) == H5I_DATASET;
  const std::vector<std::string> attributes = attributes_of(object);
  const uint8_t action = input.byte() % 8;
  const uint8_t choice = input.byte();
  const std::string attribute =
      attributes.empty() ? "name" : attributes[choice % attributes.size()];
  Value value;
  if (action <= 2) {
    choose_text(input, value);
    replace_attribute(object, attribute, value);
  } else if (action == 3) {
    choose_value(input, value);
    replace_attribute(object, attribute, value);
  } else if (action == 4) {
    H5Adelete(object, attribute.c_str());
  } else if (action == 5 && is_dataset) {
    overwrite_dataset(object, input.text());
  }
  H5Oclose(object);
  if (action == 6 && name != ".") H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  if (action == 7 && is_dataset) {
    choose_value(input, value);
    replace_dataset(file, name, value);
  }
}

const std::string& base_file(const std::string& name) {
  static std::map<std::string, std::string> contents;
  const auto [at, is_new] = contents.try_emplace(name);
  if (is_new) at->second = read_file(fs::path(POSSE_FUZZ_BASES) / name);
  return at->second;
}

}  // namespace

fs::path edited_hdf5(std::span<const char* const> names, Input& input) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const fs::path path = scratch_file("table.h5", base_file(names[input.byte() % names.size()]));
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  for (int i = 0; i < kMostEdits && !input.is_empty(); ++i) {
    const std::vector<std::string> objects = objects_in(file);
    edit(file, objects[input.byte() % objects.size()], input);
  }
  H5Fclose(file);
  return path;
}

}  // namespace posse::fuzz
