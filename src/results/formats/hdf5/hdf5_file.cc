#include "results/formats/hdf5/hdf5_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse::hdf5 {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostAttributeBytes = size_t{1} << 20;
/// Deflate's best ratio; a compressed chunk cannot unpack to more.
constexpr uint64_t kMostExpansion = 1032;
/// Chunks that were never written hold the fill value and take no room in the file.
constexpr uint64_t kMostUnwritten = uint64_t{64} << 20;

void require(herr_t status, const char* what) {
  if (status < 0) throw Error(ErrorKind::io, fmt::format("{}: {}", what, last_failure()));
}

void write_scalar_attribute(hid_t object, const std::string& name, hid_t file_type,
                            hid_t memory_type, const void* value) {
  const Handle space(H5Screate(H5S_SCALAR));
  const Handle attribute(
      H5Acreate2(object, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT));
  if (!attribute.valid()) {
    throw Error(ErrorKind::io,
                fmt::format("attribute {} cannot be made: {}", name, last_failure()));
  }
  require(H5Awrite(attribute.get(), memory_type, value), "attribute cannot be written");
}

void write_string_attribute(hid_t object, const std::string& name, std::string_view text,
                            H5T_cset_t character_set) {
  const Handle type(H5Tcopy(H5T_C_S1));
  require(H5Tset_size(type.get(), std::max<size_t>(text.size(), 1)), "string type");
  require(H5Tset_strpad(type.get(), H5T_STR_NULLTERM), "string type");
  require(H5Tset_cset(type.get(), character_set), "string type");
  if (!text.empty() || character_set == H5T_CSET_ASCII) {  // one null byte stands for no bytes
    const std::string bytes = text.empty() ? std::string(1, '\0') : std::string(text);
    write_scalar_attribute(object, name, type.get(), type.get(), bytes.data());
    return;
  }
  const Handle space(H5Screate(H5S_NULL));
  const Handle attribute(
      H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
  if (!attribute.valid()) throw Error(ErrorKind::io, "attribute cannot be made: " + last_failure());
}

herr_t keep_innermost(unsigned depth, const H5E_error2_t* entry, void* out) {
  (void)depth;
  *static_cast<std::string*>(out) = entry->desc == nullptr ? "" : entry->desc;
  return 0;
}

herr_t keep_name(hid_t group, const char* name, const H5L_info_t* info, void* out) {
  (void)group;
  (void)info;
  static_cast<std::vector<std::string>*>(out)->emplace_back(name);
  return 0;
}

/// False for a type that HDF5 would follow beyond the record: its conversions trust what a file
/// says of members, precision and bit fields.
bool is_sound_type(hid_t type, int depth = 0) {
  const size_t size = H5Tget_size(type);
  if (size == 0 || depth > 8) return false;
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_BITFIELD) {
    const int offset = H5Tget_offset(type);
    const size_t precision = H5Tget_precision(type);
    const bool fits = size <= 16 && offset >= 0 && precision > 0 &&
                      precision + static_cast<size_t>(offset) <= 8 * size;
    if (kind != H5T_FLOAT || !fits) return fits;
    size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;
    return H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
           sign < 8 * size && exponent + exponent_bits <= 8 * size &&
           mantissa + mantissa_bits <= 8 * size;
  }
  if (kind == H5T_ARRAY || kind == H5T_ENUM) {
    const Handle element(H5Tget_super(type));
    if (!element.valid() || !is_sound_type(element.get(), depth + 1)) return false;
    const size_t element_size = H5Tget_size(element.get());
    return kind == H5T_ENUM ? element_size == size : size % element_size == 0;
  }
  if (kind != H5T_COMPOUND) return kind == H5T_STRING || kind == H5T_VLEN || kind == H5T_OPAQUE;
  const int count = H5Tget_nmembers(type);
  for (int i = 0; i < count; ++i) {
    const auto place = static_cast<unsigned>(i);
    const Handle member(H5Tget_member_type(type, place));
    if (!member.valid() || !is_sound_type(member.get(), depth + 1)) return false;
    const size_t offset = H5Tget_member_offset(type, place);
    if (offset > size || H5Tget_size(member.get()) > size - offset) return false;
  }
  return count > 0;
}

/// How files are opened: without HDF5's own lock. It fails on network file systems that know no
/// flock, and for a table that another program has open, though reading one harms nobody; ours are
/// written under names of their own.
Handle without_lock() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.get(), 0, 1);
#endif
  return access;
}

/// @param reason  HDF5's
[[noreturn]] void refuse_file(const fs::path& path, const std::string& reason) {
  const auto says = [&](std::string_view words) { return reason.find(words) != std::string::npos; };
  const std::string name = path.string();
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is not an HDF5 file ({})", name, reason));
  }
  if (says("already open for write") || says("h5clear")) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: another program is writing this HDF5 file, or ended while it was "
                            "({})",
                            name, reason),
                {.hint = "wait until it is done; if no program has it open: h5clear -s FILE"});
  }
  if (says("unable to lock")) {
    throw Error(
        ErrorKind::io,
        fmt::format("{}: the file system gives no lock for this HDF5 file ({})", name, reason),
        {.hint = "set HDF5_USE_FILE_LOCKING=FALSE"});
  }
  throw Error(ErrorKind::bad_file,
              fmt::format("{}: this HDF5 file was not written to its end, or is damaged ({})", name,
                          reason),
              {.hint = "the program that wrote it was perhaps stopped, or the copy was: write or "
                       "copy the file again"});
}

/// A string that ends at its first null byte, or at `most`.
std::string bounded_string(const char* text, size_t most) { return {text, strnlen(text, most)}; }

}  // namespace

void Handle::reset() {
  if (id_ >= 0) H5Idec_ref(id_);
  id_ = H5I_INVALID_HID;
}

QuietErrors::QuietErrors() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietErrors::~QuietErrors() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

std::string last_failure() {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &words);
  return words.empty() ? "no reason given" : words;
}

Handle open_for_reading(const fs::path& path) {
  if (!path_exists(path)) {
    throw Error(ErrorKind::not_found, fmt::format("{}: no such file", path.string()));
  }
  const Handle access = without_lock();
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file.valid()) refuse_file(path, last_failure());
  return file;
}

Handle create(const fs::path& path) {
  const Handle access = without_lock();
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()));
  if (!file.valid()) {
    throw Error(ErrorKind::io, fmt::format("{}: cannot be made: {}", path.string(), last_failure()),
                {.hint = "choose a folder you may write to"});
  }
  return file;
}

void write_text_attribute(hid_t object, const std::string& name, std::string_view utf8) {
  write_string_attribute(object, name, utf8, H5T_CSET_UTF8);
}

void write_pickle_attribute(hid_t object, const std::string& name, std::string_view pickle) {
  write_string_attribute(object, name, pickle, H5T_CSET_ASCII);
}

void write_attribute(hid_t object, const std::string& name, int64_t value) {
  write_scalar_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void write_attribute(hid_t object, const std::string& name, double value) {
  write_scalar_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

std::optional<std::string> text_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  const Handle type(attribute.valid() ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Handle space(attribute.valid() ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type.valid() || !space.valid() || H5Tget_class(type.get()) != H5T_STRING) {
    return std::nullopt;
  }
  const hssize_t points = H5Sget_simple_extent_npoints(space.get());
  if (points == 0) return std::string();
  if (points != 1) return std::nullopt;
  if (H5Tis_variable_str(type.get()) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute.get(), type.get(), &text) < 0 || text == nullptr) return std::nullopt;
    std::string copy = bounded_string(text, kMostAttributeBytes);
    H5free_memory(text);
    return copy;
  }
  const size_t size = H5Tget_size(type.get());
  if (size > kMostAttributeBytes) return std::nullopt;
  std::string text(size, '\0');
  if (H5Aread(attribute.get(), type.get(), text.data()) < 0) return std::nullopt;
  return bounded_string(text.data(), size);
}

std::optional<int64_t> integer_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  const Handle type(attribute.valid() ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Handle space(attribute.valid() ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type.valid() || !space.valid() || H5Sget_simple_extent_npoints(space.get()) != 1) {
    return std::nullopt;
  }
  const H5T_class_t kind = H5Tget_class(type.get());
  int64_t value = 0;
  if (kind == H5T_BITFIELD && H5Tget_size(type.get()) == 1) {  // PyTables' bool
    uint8_t bits = 0;
    if (H5Aread(attribute.get(), H5T_NATIVE_B8, &bits) < 0) return std::nullopt;
    return bits;
  }
  if (kind == H5T_ENUM && H5Tget_size(type.get()) == 1) {  // h5py's bool
    int8_t bits = 0;
    if (H5Aread(attribute.get(), type.get(), &bits) < 0) return std::nullopt;
    return bits;
  }
  if (kind != H5T_INTEGER || H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> member_names(hid_t group) {
  std::vector<std::string> names;
  hsize_t position = 0;
  H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &position, keep_name, &names);
  return names;
}

bool has_member(hid_t group, const std::string& name) {
  return H5Lexists(group, name.c_str(), H5P_DEFAULT) > 0 &&
         H5Oexists_by_name(group, name.c_str(), H5P_DEFAULT) > 0;
}

size_t Extent::size() const {
  size_t total = 1;
  for (const hsize_t dim : dims) total *= dim;
  return total;
}

void Reader::fail(const std::string& what) const {
  throw Error(ErrorKind::bad_file, fmt::format("{}: {}", path_.string(), what));
}

Handle Reader::open_dataset(hid_t group, const std::string& name) const {
  Handle dataset(has_member(group, name) ? H5Dopen2(group, name.c_str(), H5P_DEFAULT)
                                         : H5I_INVALID_HID);
  if (!dataset.valid()) fail(fmt::format("has no dataset '{}'", name));
  check_storage(dataset.get(), name);
  return dataset;
}

void Reader::check_storage(hid_t dataset, const std::string& name) const {
  const Handle properties(H5Dget_create_plist(dataset));
  const Handle type(H5Dget_type(dataset));
  if (!properties.valid() || !type.valid() || !is_sound_type(type.get())) {
    fail(fmt::format("dataset '{}' is damaged", name));
  }
  if (H5Pget_external_count(properties.get()) > 0 ||
      H5Pget_layout(properties.get()) == H5D_VIRTUAL) {
    fail(fmt::format("dataset '{}' keeps its values in another file", name));
  }
  for (int i = 0; i < H5Pget_nfilters(properties.get()); ++i) {
    std::array<char, 64> words{};
    unsigned flags = 0;
    size_t no_values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(properties.get(), static_cast<unsigned>(i), &flags, &no_values, nullptr,
                       words.size() - 1, words.data(), nullptr);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: dataset '{}' is compressed with '{}', which this HDF5 library "
                            "cannot undo",
                            path_.string(), name, printable(words.data())),
                {.hint = "write it with gzip: ptrepack --complib=zlib OLD.h5 NEW.h5"});
  }
}

Extent Reader::extent(hid_t dataset) const {
  const Handle space(H5Dget_space(dataset));
  const Handle type(H5Dget_type(dataset));
  const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
  if (rank < 0 || rank > 8 || !type.valid()) fail("a dataset's extents cannot be read");
  Extent extent;
  extent.dims.resize(static_cast<size_t>(rank));
  if (rank > 0) H5Sget_simple_extent_dims(space.get(), extent.dims.data(), nullptr);
  const uint64_t most = std::max(file_bytes_ * kMostExpansion, kMostUnwritten);
  uint64_t bytes = std::max<uint64_t>(H5Tget_size(type.get()), 1);
  check_chunks(dataset, bytes, most);
  for (const hsize_t dim : extent.dims) {
    if (dim == 0) return extent;
    if (bytes > most / dim) fail("a dataset claims to be far larger than the file can hold");
    bytes *= dim;
  }
  return extent;
}

void Reader::check_chunks(hid_t dataset, uint64_t value_bytes, uint64_t most) const {
  const Handle properties(H5Dget_create_plist(dataset));
  if (!properties.valid() || H5Pget_layout(properties.get()) != H5D_CHUNKED) return;
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  const int rank = H5Pget_chunk(properties.get(), static_cast<int>(dims.size()), dims.data());
  for (int i = 0; i < rank; ++i) {
    const hsize_t dim = std::max<hsize_t>(dims[static_cast<size_t>(i)], 1);
    if (value_bytes > most / dim) fail("a dataset's chunks are far larger than the file can hold");
    value_bytes *= dim;
  }
}

bool Reader::is_numeric(hid_t group, const std::string& name) const {
  const Handle dataset = open_dataset(group, name);
  const Handle type(H5Dget_type(dataset.get()));
  const H5T_class_t kind = H5Tget_class(type.get());
  return kind == H5T_FLOAT || kind == H5T_INTEGER;
}

std::vector<double> Reader::doubles(hid_t group, const std::string& name, Extent* out) const {
  const Handle dataset = open_dataset(group, name);
  if (!is_numeric(group, name)) fail(fmt::format("dataset '{}' does not hold numbers", name));
  const Extent found = extent(dataset.get());
  std::vector<double> values(found.size());
  if (!values.empty() &&
      H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail(fmt::format("dataset '{}' cannot be read: {}", name, last_failure()));
  }
  if (out != nullptr) *out = found;
  return values;
}

std::vector<int64_t> Reader::integers(hid_t group, const std::string& name) const {
  const Handle dataset = open_dataset(group, name);
  if (!is_numeric(group, name)) fail(fmt::format("dataset '{}' does not hold numbers", name));
  std::vector<int64_t> values(extent(dataset.get()).size());
  if (!values.empty() &&
      H5Dread(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail(fmt::format("dataset '{}' cannot be read: {}", name, last_failure()));
  }
  return values;
}

std::optional<std::vector<uint8_t>> Reader::pickled_bytes(hid_t group,
                                                          const std::string& name) const {
  const Handle dataset = open_dataset(group, name);
  const Handle type(H5Dget_type(dataset.get()));
  if (H5Tget_class(type.get()) != H5T_VLEN || extent(dataset.get()).size() != 1)
    return std::nullopt;
  const Handle element(H5Tget_super(type.get()));
  if (H5Tget_class(element.get()) != H5T_INTEGER || H5Tget_size(element.get()) != 1) {
    return std::nullopt;
  }
  const Handle space(H5Dget_space(dataset.get()));
  hvl_t list{};
  if (H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &list) < 0) {
    fail(fmt::format("dataset '{}' cannot be read: {}", name, last_failure()));
  }
  std::vector<uint8_t> bytes;
  if (list.p != nullptr && list.len <= file_bytes_) {
    const auto* const first = static_cast<const uint8_t*>(list.p);
    bytes.assign(first, first + list.len);
  }
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, &list);
  return bytes;
}

std::vector<std::string> Reader::strings(hid_t group, const std::string& name) const {
  const Handle dataset = open_dataset(group, name);
  const Handle type(H5Dget_type(dataset.get()));
  const Handle space(H5Dget_space(dataset.get()));
  const size_t count = extent(dataset.get()).size();
  std::vector<std::string> texts(count);
  if (H5Tget_class(type.get()) != H5T_STRING) {
    fail(fmt::format("dataset '{}' does not hold text", name));
  }
  if (count == 0) return texts;
  bool done = false;
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> pointers(count, nullptr);
    done = H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) >= 0;
    for (size_t i = 0; done && i < count; ++i) {
      if (pointers[i] != nullptr) texts[i] = bounded_string(pointers[i], kMostAttributeBytes);
    }
    H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  } else {
    const size_t width = H5Tget_size(type.get());
    std::string bytes(count * width, '\0');
    done = H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) >= 0;
    for (size_t i = 0; i < count; ++i) texts[i] = bounded_string(bytes.data() + i * width, width);
  }
  if (!done) fail(fmt::format("dataset '{}' cannot be read: {}", name, last_failure()));
  return texts;
}

}  // namespace posse::hdf5
