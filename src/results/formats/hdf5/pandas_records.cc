#include "results/formats/hdf5/pandas_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

namespace posse::pandas {
namespace {
namespace fs = std::filesystem;

constexpr size_t kRowsAtOnce = 4096;

class RecordReader {
 public:
  RecordReader(const fs::path& path, const hdf5::Reader& reader, hid_t group,
               const TakeRows& take_rows, TableBuilder& builder)
      : path_(path), reader_(reader), group_(group), take_rows_(take_rows), builder_(builder) {}

  void read() {
    dataset_ = reader_.open_dataset(group_, "table");
    refuse_other_rows();
    const PickleValue axes = pickled(group_, "non_index_axes");
    const bool has_axis = axes.kind == PickleValue::Kind::list && axes.items.size() == 1 &&
                          axes.items[0].items.size() == 2;
    if (!has_axis) reader_.fail("attribute 'non_index_axes' does not describe one column axis");
    builder_.set_columns(column_list(axes.items[0].items[1], "non_index_axes"));
    read_level_names(axes.items[0].items[0].integer);

    type_ = hdf5::Handle(H5Dget_type(dataset_.get()));
    const hdf5::Extent extent = reader_.extent(dataset_.get());
    if (H5Tget_class(type_.get()) != H5T_COMPOUND || extent.dims.size() != 1) {
      reader_.fail("'table' is not a table of records");
    }
    num_rows_ = extent.dims[0];
    const size_t most_values = std::max<size_t>(extent.size(), 1) * H5Tget_size(type_.get());
    builder_.check_size(num_rows_, most_values);
    builder_.table.expected_rows = num_rows_;
    add_index_field();
    const PickleValue blocks = pickled(group_, "values_cols");
    for (const PickleValue& block : blocks.items) add_block_field(index_text(block));
    if (builder_.table.notes.size() > 8) builder_.table.notes.resize(8);
    read_records();
  }

 private:
  PickleValue pickled(hid_t object, const std::string& name) const {
    const std::optional<std::string> text = hdf5::text_attribute(object, name);
    if (!text) reader_.fail(fmt::format("has no readable attribute '{}'", name));
    try {
      return read_pickle_text(*text);
    } catch (const Error& error) {
      reader_.fail(fmt::format("attribute '{}': {}", name, error.message()));
    }
  }

  /// A list of column names; a name is one text or a tuple with one text per level.
  std::vector<Column> column_list(const PickleValue& list, const std::string& where) const {
    if (list.kind != PickleValue::Kind::list) {
      reader_.fail(fmt::format("'{}' does not list columns", where));
    }
    std::vector<Column> columns;
    for (const PickleValue& item : list.items) {
      Column column;
      for (const PickleValue& level : item.items) column.push_back(index_text(level));
      if (item.items.empty()) column.push_back(index_text(item));
      columns.push_back(std::move(column));
    }
    return columns;
  }

  void refuse_other_rows() const {
    const std::string type = hdf5::text_attribute(group_, "table_type").value_or("");
    std::string kind = hdf5::text_attribute(dataset_.get(), "index_kind").value_or("");
    // Periods are stored as whole numbers; the frequency that belongs to them tells.
    const std::string info = hdf5::text_attribute(group_, "info").value_or("");
    const bool has_frequency = info.find("pandas._libs.tslibs.offsets") != std::string::npos ||
                               info.find("pandas.tseries.offsets") != std::string::npos;
    if (kind == "integer" && has_frequency) kind = "period";
    const bool has_levels = type.find("multi") != std::string::npos;
    if (!has_levels) return check_row_kind(reader_, kind);
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: its rows are labelled by several index levels, expected frame "
                            "numbers or images",
                            path_.string()));
  }

  void read_level_names(int64_t axis) {
    const PickleValue info = pickled(group_, "info");
    const PickleValue* names = nullptr;
    for (size_t i = 0; i + 1 < info.items.size(); i += 2) {
      const bool is_axis =
          info.items[i].kind == PickleValue::Kind::integer && info.items[i].integer == axis;
      if (is_axis) names = info.items[i + 1].find("names");
    }
    const size_t levels =
        builder_.table.header.columns.empty() ? 0 : builder_.table.header.columns[0].size();
    for (size_t level = 0; level < levels; ++level) {
      const bool has_name = names != nullptr && level < names->items.size();
      builder_.table.header.level_names.push_back(has_name ? index_text(names->items[level]) : "");
    }
  }

  hdf5::Handle member_type(const std::string& name) const {
    const int member = H5Tget_member_index(type_.get(), name.c_str());
    if (member < 0) reader_.fail(fmt::format("the records have no member '{}'", printable(name)));
    return hdf5::Handle(H5Tget_member_type(type_.get(), static_cast<unsigned>(member)));
  }

  /// What is read of every record: the row's label, then the blocks of numbers.
  struct Field {
    std::string name;
    hdf5::Handle type;          ///< in memory
    size_t offset;              ///< within the record in memory
    std::vector<size_t> place;  ///< columns that a block's numbers belong to
  };

  void add_field(const std::string& name, hdf5::Handle type, std::vector<size_t> place = {}) {
    const size_t offset = record_bytes_;
    record_bytes_ += H5Tget_size(type.get());
    fields_.push_back({name, std::move(type), offset, std::move(place)});
  }

  void add_index_field() {
    hdf5::Handle type = member_type("index");
    index_kind_ = H5Tget_class(type.get());
    if (index_kind_ == H5T_STRING && H5Tis_variable_str(type.get()) <= 0) {
      add_field("index", std::move(type));
    } else if (index_kind_ == H5T_INTEGER) {
      add_field("index", hdf5::Handle(H5Tcopy(H5T_NATIVE_INT64)));
    } else if (index_kind_ == H5T_FLOAT) {
      add_field("index", hdf5::Handle(H5Tcopy(H5T_NATIVE_DOUBLE)));
    } else {
      reader_.fail("rows are labelled by something that is neither frame number nor text");
    }
  }

  void add_block_field(const std::string& name) {
    const std::vector<Column> columns =
        column_list(pickled(dataset_.get(), name + "_kind"), name + "_kind");
    const hdf5::Handle type = member_type(name);
    const bool is_array = H5Tget_class(type.get()) == H5T_ARRAY;
    const hdf5::Handle element(is_array ? H5Tget_super(type.get()) : H5Tcopy(type.get()));
    const H5T_class_t kind = H5Tget_class(element.get());
    const std::string dtype =
        hdf5::text_attribute(dataset_.get(), name + "_dtype").value_or("text");
    const bool is_time = dtype.starts_with("datetime") || dtype.starts_with("timedelta");
    if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || is_time) {
      return builder_.leave_out(columns, fmt::format("values of dtype {}", printable(dtype)));
    }
    const size_t count = std::max<size_t>(H5Tget_size(type.get()), 1) /
                         std::max<size_t>(H5Tget_size(element.get()), 1);
    if (count != columns.size()) {
      reader_.fail(fmt::format("block '{}' holds {} columns, its names are {}", printable(name),
                               count, columns.size()));
    }
    const hsize_t width = count;
    add_field(name,
              hdf5::Handle(is_array ? H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &width)
                                    : H5Tcopy(H5T_NATIVE_DOUBLE)),
              builder_.places(columns));
  }

  /// Records as PyTables packs them, so that HDF5 has nothing to convert for float64.
  void read_records() {
    const hdf5::Handle record(H5Tcreate(H5T_COMPOUND, record_bytes_));
    for (const Field& field : fields_) {
      if (H5Tinsert(record.get(), field.name.c_str(), field.offset, field.type.get()) < 0) {
        reader_.fail(fmt::format("member '{}' cannot be read", printable(field.name)));
      }
    }
    const hdf5::Handle source(H5Dget_space(dataset_.get()));
    std::vector<char> records(std::min(kRowsAtOnce, num_rows_) * record_bytes_);
    if (!take_rows_)
      reserve_large(builder_.table.values, num_rows_ * builder_.table.header.num_columns());
    for (size_t begin = 0; begin < num_rows_; begin += kRowsAtOnce) {
      const hsize_t start = begin;
      const hsize_t rows = std::min(kRowsAtOnce, num_rows_ - begin);
      const hdf5::Handle target(H5Screate_simple(1, &rows, nullptr));
      if (H5Sselect_hyperslab(source.get(), H5S_SELECT_SET, &start, nullptr, &rows, nullptr) < 0 ||
          H5Dread(dataset_.get(), record.get(), target.get(), source.get(), H5P_DEFAULT,
                  records.data()) < 0) {
        reader_.fail(fmt::format("rows {} to {} cannot be read: {}", begin, begin + rows,
                                 hdf5::last_failure()));
      }
      take_labels(records, rows);
      double* const values = builder_.add_rows(rows);
      for (size_t i = 1; i < fields_.size(); ++i) take_block(fields_[i], records, rows, values);
      if (take_rows_) take_rows_(builder_.table);
    }
  }

  void take_labels(const std::vector<char>& records, size_t rows) {
    const size_t width = H5Tget_size(fields_[0].type.get());
    for (size_t row = 0; row < rows; ++row) {
      const char* const at = records.data() + row * record_bytes_;
      if (index_kind_ == H5T_STRING) {
        builder_.add_label({at, strnlen(at, width)});
      } else if (index_kind_ == H5T_INTEGER) {
        std::memcpy(&builder_.table.frame_index.emplace_back(), at, sizeof(int64_t));
      } else {
        double number = 0;
        std::memcpy(&number, at, sizeof number);
        builder_.add_frame_numbers({&number, 1});
      }
    }
  }

  void take_block(const Field& field, const std::vector<char>& records, size_t rows,
                  double* values) const {
    const size_t num_columns = builder_.table.header.num_columns();
    const bool is_run =
        std::adjacent_find(field.place.begin(), field.place.end(),
                           [](size_t a, size_t b) { return b != a + 1; }) == field.place.end();
    for (size_t row = 0; row < rows; ++row) {
      const char* const at = records.data() + row * record_bytes_ + field.offset;
      double* const out = values + row * num_columns;
      if (is_run && !field.place.empty()) {
        std::memcpy(out + field.place[0], at, field.place.size() * sizeof(double));
        continue;
      }
      for (size_t j = 0; j < field.place.size(); ++j) {
        std::memcpy(out + field.place[j], at + j * sizeof(double), sizeof(double));
      }
    }
  }

  const fs::path& path_;
  const hdf5::Reader& reader_;
  hid_t group_;
  const TakeRows& take_rows_;
  TableBuilder& builder_;
  hdf5::Handle dataset_;
  hdf5::Handle type_;
  size_t num_rows_ = 0;
  H5T_class_t index_kind_ = H5T_NO_CLASS;
  std::vector<Field> fields_;  ///< the first is the index
  size_t record_bytes_ = 0;
};

}  // namespace

void read_records(const fs::path& path, const hdf5::Reader& reader, hid_t group,
                  const TakeRows& take_rows, TableBuilder& builder) {
  RecordReader(path, reader, group, take_rows, builder).read();
}

}  // namespace posse::pandas
