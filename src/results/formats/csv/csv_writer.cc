#include "results/formats/csv/csv_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "results/formats/csv/number_text.h"

namespace posse {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 18;

/// As Python's csv module quotes: only where it must.
std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

class CsvSink final : public TableSink {
 public:
  CsvSink(const std::filesystem::path& path, const TableHeader& columns,
          const TableWriterOptions& wishes)
      : pending_(path) {
    header = columns;
    options = wishes;
    fd_ = ::open(pending_.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) fail();
    buffer_.resize(kBufferBytes);
    for (size_t level = 0; level < header.level_names.size(); ++level) {
      std::string line = csv_cell(header.level_names[level]);
      for (const auto& column : header.columns) line += ',' + csv_cell(column[level]);
      put(line + '\n');
    }
  }

  ~CsvSink() override {
    if (fd_ >= 0) ::close(fd_);
  }

  void append(const RowNames& rows, std::span<const double> values,
              std::span<const std::span<const double>> extras) override {
    (void)extras;  // TableWriter lets none come here
    const size_t num_columns = header.num_columns();
    for (size_t row = 0; row < rows.size(); ++row) {
      if (rows.labels.empty()) {
        char* const at = room(kLongestNumber);
        used_ = static_cast<size_t>(
            std::to_chars(at, at + kLongestNumber, rows.frame_index[row]).ptr - buffer_.data());
      } else {
        put(csv_cell(rows.labels[row]));
      }
      for (const double value : values.subspan(row * num_columns, num_columns)) {
        char* const at = room(kLongestNumber + 1);
        *at = ',';
        char* const end = options.single_precision ? write_number(at + 1, static_cast<float>(value))
                                                   : write_number(at + 1, value);
        used_ = static_cast<size_t>(end - buffer_.data());
      }
      *room(1) = '\n';
      ++used_;
    }
  }

  void finish() override {
    flush();
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) fail();
    pending_.commit();
  }

 private:
  /// Where the next `bytes` characters go; the caller moves used_ on.
  char* room(size_t bytes) {
    if (buffer_.size() - used_ < bytes) flush();
    return buffer_.data() + used_;
  }

  void put(std::string_view text) {
    while (!text.empty()) {
      char* const at = room(1);
      const size_t size = std::min(text.size(), buffer_.size() - used_);
      std::copy_n(text.data(), size, at);
      used_ += size;
      text.remove_prefix(size);
    }
  }

  void flush() {
    for (size_t done = 0; done < used_;) {
      const ssize_t wrote = ::write(fd_, buffer_.data() + done, used_ - done);
      if (wrote < 0 && errno != EINTR) fail();
      if (wrote > 0) done += static_cast<size_t>(wrote);
    }
    used_ = 0;
  }

  [[noreturn]] void fail() const {
    const int code = errno;
    throw Error(
        ErrorKind::io,
        fmt::format("{}: cannot be written: {}", pending_.target().string(), std::strerror(code)),
        {.hint = code == ENOSPC ? "the disk is full: free some space and run again" : ""});
  }

  PendingFile pending_;
  int fd_ = -1;
  std::string buffer_;
  size_t used_ = 0;
};

}  // namespace

std::unique_ptr<TableSink> make_csv_sink(const std::filesystem::path& path,
                                         const TableHeader& header,
                                         const TableWriterOptions& options) {
  return std::make_unique<CsvSink>(path, header, options);
}

}  // namespace posse
