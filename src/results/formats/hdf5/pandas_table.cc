#include "results/formats/hdf5/pandas_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse::pandas {
namespace {

std::string joined(const Column& column) {
  std::string text;
  for (const std::string& level : column) text += (text.empty() ? "" : " ") + level;
  return text;
}

}  // namespace

const char* const kKeepPoseColumns =
    "keep the columns of poses, in Python: df = df[[c for c in df.columns if isinstance(c, tuple) "
    "and "
    "len(c) == 3]]; df.columns = pandas.MultiIndex.from_tuples([tuple(map(str, c)) for c in "
    "df.columns], names=['scorer', 'bodyparts', 'coords'])";

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

void check_row_kind(const hdf5::Reader& reader, const std::string& kind) {
  for (const char* known : {"", "integer", "float", "string"}) {
    if (kind == known) return;
  }
  const bool is_time =
      kind.starts_with("timedelta") || kind.starts_with("date") || kind == "period";
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: its rows are labelled by '{}', expected frame numbers or images",
                          reader.name(), printable(kind)),
              {.hint = is_time ? "number the rows by frame, in Python where each frame has a row: "
                                 "df.reset_index(drop=True)"
                               : ""});
}

void TableBuilder::set_columns(std::vector<Column> columns) {
  const size_t levels = columns.empty() ? 0 : columns.front().size();
  std::map<Column, size_t> places;
  for (size_t j = 0; j < columns.size(); ++j) {
    if (columns[j].size() != levels) {
      throw Error(
          ErrorKind::bad_file,
          fmt::format("{}: its columns have different header levels: '{}' has {}, '{}' has {}",
                      reader_.name(), printable(joined(columns[0])), levels,
                      printable(joined(columns[j])), columns[j].size()),
          {.hint = kKeepPoseColumns});
    }
    if (!places.emplace(columns[j], j).second) {
      reader_.fail(fmt::format("column '{}' stands twice", printable(joined(columns[j]))));
    }
  }
  place_of_ = std::move(places);
  table.header.columns = std::move(columns);
}

std::vector<size_t> TableBuilder::places(const std::vector<Column>& columns) const {
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

void TableBuilder::check_size(size_t num_rows, size_t most_values) const {
  const size_t columns = std::max<size_t>(table.header.num_columns(), 1);
  if (num_rows > most_values / columns) reader_.fail("claims more values than it holds");
}

double* TableBuilder::add_rows(size_t rows) {
  const size_t first = table.values.size();
  table.values.resize(first + rows * table.header.num_columns(),
                      std::numeric_limits<double>::quiet_NaN());
  return table.values.data() + first;
}

void TableBuilder::add_label(std::string label) {
  std::replace(label.begin(), label.end(), '\\', '/');
  table.row_labels.push_back(std::move(label));
}

void TableBuilder::leave_out(const std::vector<Column>& columns, const std::string& holds) {
  for (const Column& column : columns) {
    const bool is_needed =
        column.back() == "x" || column.back() == "y" || column.back() == "likelihood";
    if (is_needed) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: column '{}' holds {}, expected numbers", reader_.name(),
                              printable(joined(column)), holds),
                  {.hint = "write it with numbers, in Python: "
                           "df.astype(float).to_hdf(file, key='df_with_missing')"});
    }
    table.notes.push_back(
        fmt::format("column '{}' holds no numbers and was left empty", printable(joined(column))));
  }
}

void TableBuilder::add_frame_numbers(std::span<const double> numbers) {
  for (const double number : numbers) {
    if (!(std::abs(number) < 9e15) || number != std::floor(number)) {
      reader_.fail(fmt::format("row label {} is not a frame number", number));
    }
    table.frame_index.push_back(static_cast<int64_t>(number));
  }
}

}  // namespace posse::pandas
