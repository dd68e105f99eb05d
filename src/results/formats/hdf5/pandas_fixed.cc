#include "results/formats/hdf5/pandas_fixed.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "results/formats/pickle/object_array.h"

namespace posse::pandas {
namespace {

class FixedReader {
 public:
  FixedReader(const hdf5::Reader& reader, hid_t group, TableBuilder& builder)
      : reader_(reader), group_(group), builder_(builder) {}

  void read() {
    builder_.set_columns(fixed_index("axis0", &builder_.table.header.level_names));
    const std::string axis = "axis1";
    if (is_multi(axis)) {
      std::vector<std::string> ignored;
      for (const Column& levels : fixed_index(axis, &ignored)) {
        std::string label;
        for (const std::string& level : levels) label += (label.empty() ? "" : "/") + level;
        builder_.add_label(std::move(label));
      }
    } else if (is_empty(axis)) {
      // No rows: PyTables keeps a placeholder.
    } else if (const auto pickle = reader_.pickled_bytes(group_, axis)) {
      add_pickled_labels(*pickle);
    } else if (check_row_kind(reader_, kind_of(axis)); reader_.is_numeric(group_, axis)) {
      builder_.add_frame_numbers(reader_.doubles(group_, axis));
    } else {
      for (std::string& label : reader_.strings(group_, axis)) builder_.add_label(std::move(label));
    }
    const int64_t blocks = hdf5::integer_attribute(group_, "nblocks").value_or(1);
    if (blocks < 0 || blocks > 1000) reader_.fail("has an unbelievable number of blocks");
    read_blocks(blocks);
  }

 private:
  bool is_multi(const std::string& axis) const {
    return hdf5::text_attribute(group_, axis + "_variety").value_or("regular") == "multi";
  }

  /// Row labels of dtype object: frame numbers, or nothing that posse knows.
  void add_pickled_labels(const std::vector<uint8_t>& pickle) {
    try {
      builder_.add_frame_numbers(read_object_array(pickle).values);
    } catch (const Error&) {
      check_row_kind(reader_, "object");
    }
  }

  std::string kind_of(const std::string& axis) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_, axis);
    // Periods are stored as whole numbers; only their class tells.
    const std::string index_class = hdf5::text_attribute(dataset.get(), "index_class").value_or("");
    if (index_class.starts_with("period")) return index_class;
    return hdf5::text_attribute(dataset.get(), "kind").value_or("");
  }

  bool is_empty(const std::string& name) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_, name);
    return H5Aexists(dataset.get(), "value_type") > 0;
  }

  /// An index of texts: one level, or several as codes into lists of the texts that occur.
  std::vector<Column> fixed_index(const std::string& axis, std::vector<std::string>* names) const {
    if (!is_multi(axis)) {
      std::vector<Column> columns;
      names->push_back(level_name(axis));
      if (is_empty(axis)) return columns;
      for (std::string& text : names_of(axis)) columns.push_back({text});
      return columns;
    }
    const int64_t levels = hdf5::integer_attribute(group_, axis + "_nlevels").value_or(0);
    if (levels < 1 || levels > 16) reader_.fail(fmt::format("'{}' has no levels", axis));
    std::vector<Column> columns;
    for (int64_t level = 0; level < levels; ++level) {
      const std::string level_key = fmt::format("{}_level{}", axis, level);
      const std::vector<std::string> texts = level_texts(level_key);
      const std::string codes_key = fmt::format("{}_label{}", axis, level);
      const std::vector<int64_t> codes =
          is_empty(codes_key) ? std::vector<int64_t>() : reader_.integers(group_, codes_key);
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

  /// Texts; names of several kinds (texts, numbers, tuples) are pickled instead.
  std::vector<std::string> names_of(const std::string& key) const {
    if (!reader_.pickled_bytes(group_, key)) return reader_.strings(group_, key);
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: the names of its columns are of several kinds (texts, numbers or "
                            "tuples, in '{}'), expected texts in the levels scorer, bodyparts, "
                            "coords",
                            reader_.name(), key),
                {.hint = kKeepPoseColumns});
  }

  std::vector<std::string> level_texts(const std::string& key) const {
    if (is_empty(key)) return {};
    if (!reader_.is_numeric(group_, key)) return names_of(key);
    std::vector<std::string> texts;
    for (const int64_t number : reader_.integers(group_, key)) {
      texts.push_back(std::to_string(number));
    }
    return texts;
  }

  std::string level_name(const std::string& key) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_, key);
    const std::string name = hdf5::text_attribute(dataset.get(), "name").value_or("N.");
    return name == "N." ? "" : name;  // a pickled None
  }

  void read_blocks(int64_t blocks) {
    const size_t num_rows = builder_.table.num_rows();
    size_t most_values = 0;
    for (int64_t block = 0; block < blocks; ++block) {
      const hdf5::Handle values =
          reader_.open_dataset(group_, fmt::format("block{}_values", block));
      const hdf5::Handle type(H5Dget_type(values.get()));
      // A pickled number takes at least a byte of the file.
      most_values += H5Tget_class(type.get()) == H5T_VLEN
                         ? reader_.file_bytes()
                         : reader_.extent(values.get()).size() * 256;
    }
    builder_.check_size(num_rows, most_values);
    builder_.add_rows(num_rows);
    for (int64_t block = 0; block < blocks; ++block) {
      const std::string key = fmt::format("block{}_values", block);
      const std::string items_key = fmt::format("block{}_items", block);
      std::vector<std::string> ignored;
      const std::vector<Column> columns = fixed_index(items_key, &ignored);
      if (columns.empty()) continue;
      const Block values = block_of(key, columns);
      if (values.numbers.empty()) continue;
      const std::vector<hsize_t> expected = values.by_row
                                                ? std::vector<hsize_t>{num_rows, columns.size()}
                                                : std::vector<hsize_t>{columns.size(), num_rows};
      if (values.dims != expected) {
        reader_.fail(fmt::format("block {} does not have {} rows of {} columns", block, num_rows,
                                 columns.size()));
      }
      const std::vector<size_t> place = builder_.places(columns);
      for (size_t row = 0; row < num_rows; ++row) {
        for (size_t j = 0; j < place.size(); ++j) {
          builder_.table.values[row * builder_.table.header.num_columns() + place[j]] =
              values.numbers[values.by_row ? row * place.size() + j : j * num_rows + row];
        }
      }
    }
  }

  /// Numbers of a block, as [rows, columns] or the other way round; none if there are none.
  struct Block {
    std::vector<double> numbers;
    std::vector<hsize_t> dims;
    bool by_row = true;
  };

  Block block_of(const std::string& key, const std::vector<Column>& columns) const {
    const hdf5::Handle dataset = reader_.open_dataset(group_, key);
    Block block{.numbers = {},
                .dims = {},
                .by_row = hdf5::integer_attribute(dataset.get(), "transposed").value_or(1) != 0};
    // Set for empty arrays, and for times, which are stored as whole numbers.
    const std::string type = hdf5::text_attribute(dataset.get(), "value_type").value_or("");
    if (type.starts_with("datetime") || type.starts_with("timedelta")) {
      builder_.leave_out(columns, "values of dtype " + printable(type));
      return block;
    }
    if (!type.empty()) return block;
    if (reader_.is_numeric(group_, key)) {
      hdf5::Extent extent;
      block.numbers = reader_.doubles(group_, key, &extent);
      block.dims = std::move(extent.dims);
      return block;
    }
    read_objects(key, columns, block);
    return block;
  }

  /// A block of dtype object: pandas pickles it, also where it holds nothing but numbers.
  void read_objects(const std::string& key, const std::vector<Column>& columns,
                    Block& block) const {
    const auto pickle = reader_.pickled_bytes(group_, key);
    if (!pickle) return builder_.leave_out(columns, "text");
    try {
      ObjectArray array = read_object_array(*pickle);
      block.dims.assign(array.shape.begin(), array.shape.end());
      block.numbers = std::move(array.values);
    } catch (const Error& error) {
      builder_.leave_out(columns,
                         fmt::format("Python objects (dtype object: {})", error.message()));
    }
  }

  const hdf5::Reader& reader_;
  hid_t group_;
  TableBuilder& builder_;
};

}  // namespace

void read_fixed(const hdf5::Reader& reader, hid_t group, TableBuilder& builder) {
  FixedReader(reader, group, builder).read();
}

}  // namespace posse::pandas
