#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "results/hdf5_file.h"
#include "results/pickle_text.h"
#include "results/table_formats.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

using Column = std::vector<std::string>;

constexpr size_t kRowsAtOnce = 4096;

std::string index_text(const PickleValue& value) {
  switch (value.kind) {
    case PickleValue::Kind::text:
      return value.text;
    case PickleValue::Kind::integer:
    case PickleValue::Kind::boolean:
      return std::to_string(value.integer);
    case PickleValue::Kind::real:
      return fmt::format("{}", value.real);
    default:
      return "";
  }
}

/// Reads the one pandas object of an HDF5 file.
class PandasReader {
 public:
  PandasReader(const fs::path& path, const TakeRows& take_rows)
      : path_(path),
        take_rows_(take_rows),
        file_(hdf5::open_for_reading(path)),
        reader_(path, fs::file_size(path)) {}

  RawTable read() {
    const std::string name = choose_object();
    group_ = hdf5::Handle(H5Gopen2(file_.get(), name.c_str(), H5P_DEFAULT));
    if (!group_.valid()) reader_.fail(fmt::format("group '{}' cannot be opened", name));
    const std::string type = hdf5::text_attribute(group_.get(), "pandas_type").value_or("");
    table_.layout =
        fmt::format("HDF5, pandas {} under /{}", type == "frame" ? "fixed" : "table", name);
    if (type == "frame_table") {
      read_table();
    } else if (type == "frame") {
      read_fixed();
    } else {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: '{}' is a pandas object of type '{}', expected a table",
                              path_.string(), name, printable(type)));
    }
    if (take_rows_) take_rows_(table_);
    return std::move(table_);
  }

 private:
  std::string choose_object() const {
    std::vector<std::string> found;
    for (const std::string& name : hdf5::member_names(file_.get())) {
      const hdf5::Handle group(hdf5::has_member(file_.get(), name)
                                   ? H5Gopen2(file_.get(), name.c_str(), H5P_DEFAULT)
                                   : H5I_INVALID_HID);
      if (group.valid() && H5Aexists(group.get(), "pandas_type") > 0) found.push_back(name);
    }
    if (found.empty()) reader_.fail("holds no pandas table");
    for (const char* usual : {"df_with_missing", "keypoints", "predictions", "tracks"}) {
      if (std::find(found.begin(), found.end(), usual) != found.end()) return usual;
    }
    if (found.size() > 1) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: holds {} pandas objects, none under the name df_with_missing",
                              path_.string(), found.size()),
                  {.have = list_names(found)});
    }
    return found.front();
  }

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

  void set_columns(std::vector<Column> columns) {
    const size_t levels = columns.empty() ? 0 : columns.front().size();
    std::map<Column, size_t> places;
    for (size_t j = 0; j < columns.size(); ++j) {
      if (columns[j].size() != levels) reader_.fail("has columns with different header levels");
      if (!places.emplace(columns[j], j).second) {
        reader_.fail(fmt::format("column '{}' stands twice", printable(joined(columns[j]))));
      }
    }
    place_of_ = std::move(places);
    table_.header.columns = std::move(columns);
  }

  static std::string joined(const Column& column) {
    std::string text;
    for (const std::string& level : column) text += (text.empty() ? "" : " ") + level;
    return text;
  }

  /// Where the columns of a block stand in the table.
  std::vector<size_t> places(const std::vector<Column>& columns) const {
    std::vector<size_t> result;
    for (const Column& column : columns) {
      const auto place = place_of_.find(column);
      if (place == place_of_.end()) {
        reader_.fail(fmt::format("a block names the column '{}', which the table does not have",
                                 printable(joined(column))));
      }
      result.push_back(place->second);
    }
    return result;
  }

  /// What is allocated stays in proportion to the blocks, which were held against the file's size.
  void check_size() const {
    const size_t columns = std::max<size_t>(table_.header.num_columns(), 1);
    if (num_rows_ > most_values_ / columns) reader_.fail("claims more values than it holds");
  }

  /// Room for `rows` more rows of missing values; where they begin.
  double* add_rows(size_t rows) {
    const size_t first = table_.values.size();
    table_.values.resize(first + rows * table_.header.num_columns(),
                         std::numeric_limits<double>::quiet_NaN());
    return table_.values.data() + first;
  }

  void add_label(std::string label) {
    std::replace(label.begin(), label.end(), '\\', '/');
    table_.row_labels.push_back(std::move(label));
  }

  void refuse_text_block(const std::vector<Column>& columns) {
    for (const Column& column : columns) {
      table_.notes.push_back(fmt::format("column '{}' holds no numbers and was left empty",
                                         printable(joined(column))));
    }
  }

  void take_numbered_index(std::span<const double> numbers) {
    for (const double number : numbers) {
      if (!(std::abs(number) < 9e15) || number != std::floor(number)) {
        reader_.fail(fmt::format("row label {} is not a frame number", number));
      }
      table_.frame_index.push_back(static_cast<int64_t>(number));
    }
  }

  // The table layout: one compound dataset, the columns' names pickled in attributes.

  void read_table() {
    dataset_ = reader_.open_dataset(group_.get(), "table");
    refuse_other_rows();
    const PickleValue axes = pickled(group_.get(), "non_index_axes");
    const bool has_axis = axes.kind == PickleValue::Kind::list && axes.items.size() == 1 &&
                          axes.items[0].items.size() == 2;
    if (!has_axis) reader_.fail("attribute 'non_index_axes' does not describe one column axis");
    set_columns(column_list(axes.items[0].items[1], "non_index_axes"));
    read_level_names(axes.items[0].items[0].integer);

    type_ = hdf5::Handle(H5Dget_type(dataset_.get()));
    const hdf5::Extent extent = reader_.extent(dataset_.get());
    if (H5Tget_class(type_.get()) != H5T_COMPOUND || extent.dims.size() != 1) {
      reader_.fail("'table' is not a table of records");
    }
    num_rows_ = extent.dims[0];
    most_values_ = std::max<size_t>(extent.size(), 1) * H5Tget_size(type_.get());
    check_size();
    table_.expected_rows = num_rows_;
    add_index_field();
    const PickleValue blocks = pickled(group_.get(), "values_cols");
    for (const PickleValue& block : blocks.items) add_block_field(index_text(block));
    if (table_.notes.size() > 8) table_.notes.resize(8);
    read_records();
  }

  void refuse_other_rows() const {
    const std::string type = hdf5::text_attribute(group_.get(), "table_type").value_or("");
    const std::string kind = hdf5::text_attribute(dataset_.get(), "index_kind").value_or("");
    const bool has_levels = type.find("multi") != std::string::npos;
    if (!has_levels && (kind.empty() || kind == "integer" || kind == "float" || kind == "string")) {
      return;
    }
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: its rows are labelled by {}, expected frame numbers or images",
                            path_.string(),
                            has_levels ? "several index levels" : "'" + printable(kind) + "'"));
  }

  void read_level_names(int64_t axis) {
    const PickleValue info = pickled(group_.get(), "info");
    const PickleValue* names = nullptr;
    for (size_t i = 0; i + 1 < info.items.size(); i += 2) {
      const bool is_axis =
          info.items[i].kind == PickleValue::Kind::integer && info.items[i].integer == axis;
      if (is_axis) names = info.items[i + 1].find("names");
    }
    const size_t levels = table_.header.columns.empty() ? 0 : table_.header.columns[0].size();
    for (size_t level = 0; level < levels; ++level) {
      const bool has_name = names != nullptr && level < names->items.size();
      table_.header.level_names.push_back(has_name ? index_text(names->items[level]) : "");
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
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) return refuse_text_block(columns);
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
              places(columns));
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
    if (!take_rows_) reserve_large(table_.values, num_rows_ * table_.header.num_columns());
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
      double* const values = add_rows(rows);
      for (size_t i = 1; i < fields_.size(); ++i) take_block(fields_[i], records, rows, values);
      if (take_rows_) take_rows_(table_);
    }
  }

  void take_labels(const std::vector<char>& records, size_t rows) {
    const size_t width = H5Tget_size(fields_[0].type.get());
    for (size_t row = 0; row < rows; ++row) {
      const char* const at = records.data() + row * record_bytes_;
      if (index_kind_ == H5T_STRING) {
        add_label({at, strnlen(at, width)});
      } else if (index_kind_ == H5T_INTEGER) {
        std::memcpy(&table_.frame_index.emplace_back(), at, sizeof(int64_t));
      } else {
        double number = 0;
        std::memcpy(&number, at, sizeof number);
        take_numbered_index({&number, 1});
      }
    }
  }

  void take_block(const Field& field, const std::vector<char>& records, size_t rows,
                  double* values) const {
    const size_t num_columns = table_.header.num_columns();
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

  // The fixed layout: arrays for the axes and for each block of equal type.

  void read_fixed() {
    set_columns(fixed_index("axis0", &table_.header.level_names));
    const std::string axis = "axis1";
    if (is_multi(axis)) {
      std::vector<std::string> ignored;
      for (const Column& levels : fixed_index(axis, &ignored)) {
        std::string label;
        for (const std::string& level : levels) label += (label.empty() ? "" : "/") + level;
        add_label(std::move(label));
      }
    } else if (is_empty(axis)) {
      // No rows: PyTables keeps a placeholder.
    } else if (reader_.is_numeric(group_.get(), axis)) {
      take_numbered_index(reader_.doubles(group_.get(), axis));
    } else {
      for (std::string& label : reader_.strings(group_.get(), axis)) add_label(std::move(label));
    }
    num_rows_ = table_.num_rows();
    const int64_t blocks = hdf5::integer_attribute(group_.get(), "nblocks").value_or(1);
    if (blocks < 0 || blocks > 1000) reader_.fail("has an unbelievable number of blocks");
    read_fixed_blocks(blocks);
  }

  bool is_multi(const std::string& axis) const {
    return hdf5::text_attribute(group_.get(), axis + "_variety").value_or("regular") == "multi";
  }

  bool is_empty(const std::string& name) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_.get(), name);
    return H5Aexists(dataset.get(), "value_type") > 0;
  }

  /// An index of texts: one level, or several as codes into lists of the texts that occur.
  std::vector<Column> fixed_index(const std::string& axis, std::vector<std::string>* names) const {
    if (!is_multi(axis)) {
      std::vector<Column> columns;
      names->push_back(level_name(axis));
      if (is_empty(axis)) return columns;
      for (std::string& text : reader_.strings(group_.get(), axis)) columns.push_back({text});
      return columns;
    }
    const int64_t levels = hdf5::integer_attribute(group_.get(), axis + "_nlevels").value_or(0);
    if (levels < 1 || levels > 16) reader_.fail(fmt::format("'{}' has no levels", axis));
    std::vector<Column> columns;
    for (int64_t level = 0; level < levels; ++level) {
      const std::string level_key = fmt::format("{}_level{}", axis, level);
      const std::vector<std::string> texts = level_texts(level_key);
      const std::string codes_key = fmt::format("{}_label{}", axis, level);
      const std::vector<int64_t> codes =
          is_empty(codes_key) ? std::vector<int64_t>() : reader_.integers(group_.get(), codes_key);
      if (level == 0) columns.resize(codes.size());
      if (codes.size() != columns.size()) reader_.fail(fmt::format("'{}' is inconsistent", axis));
      for (size_t i = 0; i < codes.size(); ++i) {
        if (codes[i] < -1 || codes[i] >= static_cast<int64_t>(texts.size())) {
          reader_.fail(fmt::format("'{}' refers to a text that is not there", codes_key));
        }
        columns[i].push_back(codes[i] < 0 ? "" : texts[static_cast<size_t>(codes[i])]);
      }
      names->push_back(level_name(level_key));
    }
    return columns;
  }

  std::vector<std::string> level_texts(const std::string& key) const {
    if (is_empty(key)) return {};
    if (!reader_.is_numeric(group_.get(), key)) return reader_.strings(group_.get(), key);
    std::vector<std::string> texts;
    for (const int64_t number : reader_.integers(group_.get(), key)) {
      texts.push_back(std::to_string(number));
    }
    return texts;
  }

  std::string level_name(const std::string& key) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_.get(), key);
    const std::string name = hdf5::text_attribute(dataset.get(), "name").value_or("N.");
    return name == "N." ? "" : name;  // a pickled None
  }

  void read_fixed_blocks(int64_t blocks) {
    for (int64_t block = 0; block < blocks; ++block) {
      const hdf5::Handle values =
          reader_.open_dataset(group_.get(), fmt::format("block{}_values", block));
      // Columns of text hold no numbers here; a table is not made of them alone.
      most_values_ += reader_.extent(values.get()).size() * 256;
    }
    check_size();
    add_rows(num_rows_);
    for (int64_t block = 0; block < blocks; ++block) {
      const std::string key = fmt::format("block{}_values", block);
      const std::string items_key = fmt::format("block{}_items", block);
      std::vector<std::string> ignored;
      const std::vector<Column> columns = fixed_index(items_key, &ignored);
      if (is_empty(key) || columns.empty()) continue;
      if (!reader_.is_numeric(group_.get(), key)) {
        refuse_text_block(columns);
        continue;
      }
      hdf5::Extent extent;
      const std::vector<double> values = reader_.doubles(group_.get(), key, &extent);
      const hdf5::Handle dataset = reader_.open_dataset(group_.get(), key);
      const bool by_row = hdf5::integer_attribute(dataset.get(), "transposed").value_or(1) != 0;
      const std::vector<hsize_t> expected = by_row
                                                ? std::vector<hsize_t>{num_rows_, columns.size()}
                                                : std::vector<hsize_t>{columns.size(), num_rows_};
      if (extent.dims != expected) {
        reader_.fail(fmt::format("block {} does not have {} rows of {} columns", block, num_rows_,
                                 columns.size()));
      }
      const std::vector<size_t> place = places(columns);
      for (size_t row = 0; row < num_rows_; ++row) {
        for (size_t j = 0; j < place.size(); ++j) {
          table_.values[row * table_.header.num_columns() + place[j]] =
              values[by_row ? row * place.size() + j : j * num_rows_ + row];
        }
      }
    }
  }

  fs::path path_;
  const TakeRows& take_rows_;
  hdf5::QuietErrors quiet_;
  hdf5::Handle file_;
  hdf5::Reader reader_;
  hdf5::Handle group_;
  hdf5::Handle dataset_;
  hdf5::Handle type_;
  std::map<Column, size_t> place_of_;
  size_t num_rows_ = 0;
  size_t most_values_ = 0;
  H5T_class_t index_kind_ = H5T_NO_CLASS;
  std::vector<Field> fields_;  ///< of a table's records; the first is the index
  size_t record_bytes_ = 0;
  RawTable table_;
};

}  // namespace

RawTable read_pandas_hdf5(const fs::path& path, const TakeRows& take_rows) {
  if (!fs::exists(path)) {
    throw Error(ErrorKind::not_found, fmt::format("{}: no such file", path.string()));
  }
  return PandasReader(path, take_rows).read();
}

}  // namespace posse
