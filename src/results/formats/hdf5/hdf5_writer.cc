#include "results/formats/hdf5/hdf5_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/version.h"
#include "results/formats/hdf5/disk_reserve.h"
#include "results/formats/hdf5/hdf5_file.h"
#include "results/formats/pickle/pickle_text.h"

namespace posse {
namespace {

/// Of every chunk, which is written whole: the file of a short video is not much larger than its
/// numbers, and that of a long one has chunks by the thousand, not by the million.
constexpr size_t kChunkBytes = size_t{32} << 10;
constexpr size_t kChunkRows = 64;
/// Of the last chunks of every dataset, kept in memory: rows are appended, so that older ones are
/// not looked at again.
constexpr size_t kCachedBytes = 2 * kChunkBytes;
/// A chunk's entry in the index of its dataset, of up to three axes, in nodes that are half full.
constexpr uint64_t kIndexBytes = 2 * (8 + 8 * (3 + 1) + 8);
/// Rows are packed and handed to HDF5 in pieces of about this size.
constexpr size_t kPackedBytes = size_t{256} << 10;
/// HDF5 keeps an attribute within one object header message of 64 KiB; some of it is overhead.
constexpr size_t kLongestAttribute = 65'000;
/// Room for what HDF5 adds to the rows: attributes, chunk indices, object headers.
constexpr uint64_t kOverheadBytes = uint64_t{1} << 20;

std::string column_list(const TableHeader& header, bool as_axis) {
  PickleWriter pickle;
  pickle.begin_list();
  if (as_axis) {  // [(1, [columns])]
    pickle.begin_tuple();
    pickle.integer(1);
    pickle.begin_list();
  }
  for (const auto& column : header.columns) {
    pickle.begin_tuple();
    for (const std::string& level : column) pickle.text(level);
    pickle.end_tuple();
    pickle.append();
  }
  if (as_axis) {
    pickle.end_tuple();
    pickle.append();
  }
  return std::move(pickle).finish();
}

std::string index_columns() {  // [(0, "index")]
  PickleWriter pickle;
  pickle.begin_list();
  pickle.begin_tuple();
  pickle.integer(0);
  pickle.text("index");
  pickle.end_tuple();
  pickle.append();
  return std::move(pickle).finish();
}

std::string value_columns() {  // ["values_block_0"]
  PickleWriter pickle;
  pickle.begin_list();
  pickle.text("values_block_0");
  pickle.append();
  return std::move(pickle).finish();
}

std::string empty_list() {
  PickleWriter pickle;
  pickle.begin_list();
  return std::move(pickle).finish();
}

std::string none() {
  PickleWriter pickle;
  pickle.none();
  return std::move(pickle).finish();
}

std::string axis_info(const TableHeader& header) {
  // {1: {"names": [...], "type": "MultiIndex"}, "index": {}, "values_block_0": {}}
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.integer(1);
  pickle.begin_dict();
  pickle.text("names");
  pickle.begin_list();
  for (const std::string& name : header.level_names) {
    pickle.text(name);
    pickle.append();
  }
  pickle.set();
  pickle.text("type");
  pickle.text("MultiIndex");
  pickle.set();
  pickle.set();
  for (const char* name : {"index", "values_block_0"}) {
    pickle.text(name);
    pickle.begin_dict();
    pickle.set();
  }
  return std::move(pickle).finish();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

class Hdf5Sink final : public TableSink {
 public:
  Hdf5Sink(const std::filesystem::path& path, const TableHeader& columns,
           const TableWriterOptions& wishes)
      : pending_(path) {
    header = columns;
    options = wishes;
    column_axis_ = column_list(header, true);
    check_width();
    index_bytes_ = options.longest_row_label > 0 ? options.longest_row_label : sizeof(int64_t);
    value_bytes_ = options.single_precision ? sizeof(float) : sizeof(double);
    row_bytes_ = index_bytes_ + header.num_columns() * value_bytes_;
    const hdf5::QuietErrors quiet;
    naming_the_file([&] {
      file_ = hdf5::create(pending_.temporary());
      reserve_.emplace(pending_.temporary());
      reserve_->reserve(kOverheadBytes);
      write_root();
      make_table();
      make_extras();
    });
  }

  ~Hdf5Sink() override {
    // Closing what could not be written fails again, and must not print.
    const hdf5::QuietErrors quiet;
    extras_.clear();
    table_.reset();
    group_.reset();
    file_.reset();
  }

  void append(const RowNames& rows, std::span<const double> values,
              std::span<const std::span<const double>> extras) override {
    if (rows.size() == 0) return;
    const hdf5::QuietErrors quiet;
    naming_the_file([&] {
      reserve_room(rows.size());
      append_table(rows, values);
      for (size_t i = 0; i < extras.size(); ++i) {
        append_extra(extras_[i], options.extras[i], rows.size(), extras[i]);
      }
    });
  }

  void finish() override {
    const hdf5::QuietErrors quiet;
    naming_the_file([&] {
      hdf5::write_attribute(table_.get(), "NROWS", static_cast<int64_t>(num_rows));
      extras_.clear();
      table_.reset();
      group_.reset();
      if (H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) < 0) {
        throw Error(ErrorKind::io, hdf5::last_failure());
      }
      file_.reset();
      reserve_->release_rest();
      pending_.commit();
    });
  }

 private:
  /// HDF5's words do not say which file: every failure is given the name of the one being written.
  template <typename Work>
  void naming_the_file(const Work& work) const {
    try {
      work();
    } catch (const Error& error) {
      throw Error(
          error.kind(),
          fmt::format("{}: cannot be written: {}", pending_.target().string(), error.message()),
          {.hint = "check that the disk has room, or choose another folder"});
    }
  }

  void check_width() const {
    if (column_axis_.size() <= kLongestAttribute) return;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: a table of {} columns does not fit an HDF5 file that pandas reads "
                            "(names take {} bytes, at most {})",
                            pending_.target().string(), header.num_columns(), column_axis_.size(),
                            kLongestAttribute),
                {.hint = "choose --format csv, or shorter names"});
  }

  static void as_group(hid_t object) {
    hdf5::write_text_attribute(object, "CLASS", "GROUP");
    hdf5::write_text_attribute(object, "TITLE", "");
    hdf5::write_text_attribute(object, "VERSION", "1.0");
  }

  void write_root() {
    as_group(file_.get());
    hdf5::write_text_attribute(file_.get(), "PYTABLES_FORMAT_VERSION", "2.1");
    group_ = hdf5::Handle(
        H5Gcreate2(file_.get(), options.key.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    if (!group_.valid()) throw Error(ErrorKind::io, hdf5::last_failure());
    const hid_t group = group_.get();
    as_group(group);
    hdf5::write_text_attribute(group, "pandas_type", "frame_table");
    hdf5::write_text_attribute(group, "pandas_version", "0.15.2");
    hdf5::write_text_attribute(group, "table_type", "appendable_frame");
    hdf5::write_text_attribute(group, "nan_rep", "nan");
    hdf5::write_text_attribute(group, "encoding", "UTF-8");
    hdf5::write_text_attribute(group, "errors", "strict");
    hdf5::write_attribute(group, "levels", int64_t{1});
    hdf5::write_pickle_attribute(group, "index_cols", index_columns());
    hdf5::write_pickle_attribute(group, "values_cols", value_columns());
    hdf5::write_pickle_attribute(group, "data_columns", empty_list());
    hdf5::write_pickle_attribute(group, "non_index_axes", column_axis_);
    hdf5::write_pickle_attribute(group, "info", axis_info(header));
  }

  hdf5::Handle row_type() const {
    const hsize_t columns = header.num_columns();
    hdf5::Handle row(H5Tcreate(H5T_COMPOUND, row_bytes_));
    const hid_t value = options.single_precision ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
    const hdf5::Handle block(H5Tarray_create2(value, 1, &columns));
    const hdf5::Handle label(H5Tcopy(H5T_C_S1));
    H5Tset_size(label.get(), index_bytes_);
    const hid_t index = options.longest_row_label > 0 ? label.get() : H5T_STD_I64LE;
    if (H5Tinsert(row.get(), "index", 0, index) < 0 ||
        H5Tinsert(row.get(), "values_block_0", index_bytes_, block.get()) < 0) {
      throw Error(ErrorKind::io, hdf5::last_failure());
    }
    return row;
  }

  /// Narrow datasets do not get chunks of many more rows than the table has.
  size_t chunk_rows(size_t bytes_per_row) const {
    return std::clamp<size_t>(kChunkBytes / std::max(bytes_per_row, row_bytes_), 1, kChunkRows);
  }

  hdf5::Handle extendible_dataset(hid_t group, const char* name, hid_t type, size_t bytes_per_row,
                                  const std::vector<int64_t>& row_extents) const {
    std::vector<hsize_t> extents(1, 0);
    std::vector<hsize_t> most(1, H5S_UNLIMITED);
    std::vector<hsize_t> chunk(1, chunk_rows(bytes_per_row));
    for (const int64_t extent : row_extents) {
      extents.push_back(static_cast<hsize_t>(extent));
      most.push_back(static_cast<hsize_t>(extent));
      chunk.push_back(static_cast<hsize_t>(extent));
    }
    const int rank = static_cast<int>(extents.size());
    const hdf5::Handle space(H5Screate_simple(rank, extents.data(), most.data()));
    const hdf5::Handle properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(properties.get(), false);  // the same table gives the same bytes
    H5Pset_chunk(properties.get(), rank, chunk.data());
    if (options.gzip_level > 0) {
      H5Pset_shuffle(properties.get());
      H5Pset_deflate(properties.get(), static_cast<unsigned>(options.gzip_level));
    }
    const hdf5::Handle access(H5Pcreate(H5P_DATASET_ACCESS));
    constexpr double kWrittenGoFirst = 1;
    H5Pset_chunk_cache(access.get(), H5D_CHUNK_CACHE_NSLOTS_DEFAULT, kCachedBytes, kWrittenGoFirst);
    hdf5::Handle dataset(
        H5Dcreate2(group, name, type, space.get(), H5P_DEFAULT, properties.get(), access.get()));
    if (!dataset.valid()) throw Error(ErrorKind::io, hdf5::last_failure());
    return dataset;
  }

  void make_table() {
    table_type_ = row_type();
    table_ = extendible_dataset(group_.get(), "table", table_type_.get(), row_bytes_, {});
    const hid_t table = table_.get();
    hdf5::write_text_attribute(table, "CLASS", "TABLE");
    hdf5::write_text_attribute(table, "TITLE", "");
    hdf5::write_text_attribute(table, "VERSION", "2.7");
    hdf5::write_text_attribute(table, "FIELD_0_NAME", "index");
    hdf5::write_text_attribute(table, "FIELD_1_NAME", "values_block_0");
    if (options.longest_row_label > 0) {
      hdf5::write_pickle_attribute(table, "FIELD_0_FILL", "");
      hdf5::write_text_attribute(table, "index_kind", "string");
    } else {
      hdf5::write_attribute(table, "FIELD_0_FILL", int64_t{0});
      hdf5::write_text_attribute(table, "index_kind", "integer");
    }
    hdf5::write_attribute(table, "FIELD_1_FILL", 0.0);
    hdf5::write_text_attribute(table, "values_block_0_dtype",
                               options.single_precision ? "float32" : "float64");
    hdf5::write_pickle_attribute(table, "values_block_0_kind", column_list(header, false));
    hdf5::write_pickle_attribute(table, "values_block_0_meta", none());
  }

  void make_extras() {
    if (options.extras.empty() && options.attributes.empty()) return;
    const hdf5::Handle group(
        H5Gcreate2(file_.get(), "posse", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    if (!group.valid()) throw Error(ErrorKind::io, hdf5::last_failure());
    hdf5::write_text_attribute(group.get(), "posse_version", version());
    for (const auto& [name, text] : options.attributes) {
      hdf5::write_text_attribute(group.get(), name, text);
    }
    for (const ExtraArray& extra : options.extras) {
      extras_.push_back(extendible_dataset(group.get(), extra.name.c_str(), H5T_IEEE_F64LE,
                                           std::max<size_t>(extra.row_size(), 1) * sizeof(double),
                                           extra.extents));
      std::vector<std::string> axes = extra.axes;
      axes.insert(axes.begin(), "frames");
      hdf5::write_text_attribute(extras_.back().get(), "axes", joined(axes));
      hdf5::write_text_attribute(extras_.back().get(), "description", extra.description);
    }
  }

  /// For all rows so far and `rows` more, whole chunks of every dataset.
  void reserve_room(size_t rows) {
    const auto bytes_of = [&](size_t bytes_per_row) {
      const size_t chunk = chunk_rows(bytes_per_row);
      const uint64_t chunks = (num_rows + rows + chunk - 1) / chunk;
      return chunks * (chunk * bytes_per_row + kIndexBytes);
    };
    uint64_t bytes = bytes_of(row_bytes_);
    for (const ExtraArray& extra : options.extras)
      bytes += bytes_of(extra.row_size() * sizeof(double));
    reserve_->reserve(bytes + bytes / 32 + kOverheadBytes);
  }

  /// Makes `dataset` longer by `rows` and writes them there.
  void append_rows(hid_t dataset, hid_t memory_type, size_t rows, const void* values,
                   const std::vector<int64_t>& row_extents) const {
    std::vector<hsize_t> extents(1, num_rows + rows);
    std::vector<hsize_t> start(1, num_rows);
    std::vector<hsize_t> count(1, rows);
    for (const int64_t extent : row_extents) {
      extents.push_back(static_cast<hsize_t>(extent));
      start.push_back(0);
      count.push_back(static_cast<hsize_t>(extent));
    }
    if (H5Dset_extent(dataset, extents.data()) < 0)
      throw Error(ErrorKind::io, hdf5::last_failure());
    const hdf5::Handle target(H5Dget_space(dataset));
    const hdf5::Handle source(
        H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    if (H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                            nullptr) < 0 ||
        H5Dwrite(dataset, memory_type, source.get(), target.get(), H5P_DEFAULT, values) < 0) {
      throw Error(ErrorKind::io, hdf5::last_failure());
    }
  }

  void append_table(const RowNames& rows, std::span<const double> values) {
    // In pieces, so that memory does not grow with the block given.
    const size_t step = std::max<size_t>(kPackedBytes / row_bytes_, 1);
    const size_t first_row = num_rows;
    for (size_t begin = 0; begin < rows.size(); begin += step) {
      const size_t count = std::min(step, rows.size() - begin);
      packed_.assign(count * row_bytes_, '\0');
      for (size_t i = 0; i < count; ++i) {
        char* const at = packed_.data() + i * row_bytes_;
        if (rows.labels.empty()) {
          std::memcpy(at, &rows.frame_index[begin + i], sizeof(int64_t));
        } else {
          std::ranges::copy(rows.labels[begin + i], at);
        }
        put_values(at + index_bytes_,
                   values.subspan((begin + i) * header.num_columns(), header.num_columns()));
      }
      append_rows(table_.get(), table_type_.get(), count, packed_.data(), {});
      num_rows += count;
    }
    num_rows = first_row;  // TableWriter counts, once the extra arrays are there too
  }

  void put_values(char* out, std::span<const double> values) const {
    if (!options.single_precision) {
      std::memcpy(out, values.data(), values.size_bytes());
      return;
    }
    for (const double value : values) {
      const float single = static_cast<float>(value);
      std::memcpy(out, &single, sizeof single);
      out += sizeof single;
    }
  }

  void append_extra(const hdf5::Handle& dataset, const ExtraArray& extra, size_t rows,
                    std::span<const double> values) const {
    append_rows(dataset.get(), H5T_NATIVE_DOUBLE, rows, values.data(), extra.extents);
  }

  PendingFile pending_;
  std::optional<DiskReserve> reserve_;
  std::string column_axis_;
  size_t index_bytes_ = 0;
  size_t value_bytes_ = sizeof(double);
  size_t row_bytes_ = 0;
  hdf5::Handle file_;
  hdf5::Handle group_;
  hdf5::Handle table_type_;
  hdf5::Handle table_;
  std::vector<hdf5::Handle> extras_;
  std::string packed_;
};

}  // namespace

std::unique_ptr<TableSink> make_hdf5_sink(const std::filesystem::path& path,
                                          const TableHeader& header,
                                          const TableWriterOptions& options) {
  return std::make_unique<Hdf5Sink>(path, header, options);
}

}  // namespace posse
