#include "results/formats/pickle/pickle_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/error.h"
#include "results/formats/csv/number_text.h"

namespace posse {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr size_t kMostValues = 1'000'000;
constexpr size_t kMostDepth = 32;

void append_utf8(std::string& out, uint32_t code) {
  const auto byte = [&out](uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

/// The code point at the front of well-formed UTF-8, which is taken off.
uint32_t take_code_point(std::string_view& utf8) {
  const auto first = static_cast<unsigned char>(utf8[0]);
  const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  uint32_t code = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) code = (code << 6) | (utf8[i] & 0x3F);
  utf8.remove_prefix(size);
  return code;
}

size_t depth_of(const PickleValue& value) {
  size_t deepest = 0;
  for (const PickleValue& item : value.items) deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

size_t values_in(const PickleValue& value) {
  size_t total = 1;
  for (const PickleValue& item : value.items) total += values_in(item);
  return total;
}

/// The stack machine of pickle, cut down to data.
///
/// A list or dictionary on the stack may be referred to by the memo while it still grows; pandas
/// only ever fetches strings back, so the memo holds strings alone.
class Reader {
 public:
  explicit Reader(std::string_view pickle) : all_(pickle), rest_(pickle) {}

  PickleValue read() {
    if (all_.size() > kMostBytes) fail("is larger than 1 MiB");
    while (true) {
      if (rest_.empty()) fail("ends before its stop mark");
      const char opcode = rest_.front();
      rest_.remove_prefix(1);
      if (opcode == '.') break;
      step(opcode);
    }
    if (stack_.size() != 1 || !marks_.empty()) fail("does not hold exactly one value");
    return std::move(stack_.front());
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("pickled text {} (at byte {})", what, all_.size() - rest_.size()));
  }

  void step(char opcode) {
    switch (opcode) {
      case '(':
        return begin_mark();
      case 'l':
        return collect(PickleValue::Kind::list);
      case 't':
        return collect(PickleValue::Kind::tuple);
      case 'd':
        return collect(PickleValue::Kind::dict);
      case 'a':
        return append();
      case 's':
        return set_item();
      case 'N':
        return push({});
      case 'I':
        return push_integer(take_line());
      case 'L':
        return push_long();
      case 'F':
        return push_real();
      case 'V':
        return push_text(unescaped_unicode(take_line()));
      case 'S':
        return push_text(unquoted(take_line()));
      case 'p':
        return put();
      case 'g':
        return get();
      default:
        fail(fmt::format("uses the opcode 0x{:02x}, which describes no plain data",
                         static_cast<unsigned char>(opcode)));
    }
  }

  std::string_view take_line() {
    const size_t stop = rest_.find('\n');
    if (stop == std::string_view::npos) fail("ends within a line");
    const std::string_view line = rest_.substr(0, stop);
    rest_.remove_prefix(stop + 1);
    return line;
  }

  void push(PickleValue value) {
    num_values_ += values_in(value);
    if (num_values_ > kMostValues) fail("holds too many values");
    stack_.push_back(std::move(value));
  }

  void push_text(std::string text) {
    PickleValue value;
    value.kind = PickleValue::Kind::text;
    value.text = std::move(text);
    push(std::move(value));
  }

  void begin_mark() {
    if (marks_.size() >= kMostDepth) fail("is nested too deeply");
    marks_.push_back(stack_.size());
  }

  void collect(PickleValue::Kind kind) {
    if (marks_.empty()) fail("closes what was not opened");
    const size_t first = marks_.back();
    marks_.pop_back();
    PickleValue value;
    value.kind = kind;
    if (kind == PickleValue::Kind::dict && (stack_.size() - first) % 2 != 0) {
      fail("has a dictionary key without a value");
    }
    value.items.assign(std::make_move_iterator(stack_.begin() + static_cast<ptrdiff_t>(first)),
                       std::make_move_iterator(stack_.end()));
    stack_.resize(first);
    if (depth_of(value) > kMostDepth) fail("is nested too deeply");
    stack_.push_back(std::move(value));
    ++num_values_;
  }

  /// The container that receives `count` values from the top of the stack.
  PickleValue& receiver(size_t count, PickleValue::Kind kind) {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() < floor + count + 1) fail("takes more values than there are");
    PickleValue& container = stack_[stack_.size() - count - 1];
    if (container.kind != kind) fail("adds to something that holds nothing");
    return container;
  }

  void append() {
    PickleValue& list = receiver(1, PickleValue::Kind::list);
    if (depth_of(stack_.back()) >= kMostDepth) fail("is nested too deeply");
    list.items.push_back(std::move(stack_.back()));
    stack_.pop_back();
  }

  void set_item() {
    PickleValue& dict = receiver(2, PickleValue::Kind::dict);
    if (depth_of(stack_.back()) >= kMostDepth) fail("is nested too deeply");
    dict.items.push_back(std::move(stack_[stack_.size() - 2]));
    dict.items.push_back(std::move(stack_.back()));
    stack_.resize(stack_.size() - 2);
  }

  int64_t whole_number(std::string_view line) const {
    int64_t value = 0;
    const auto result = std::from_chars(line.data(), line.data() + line.size(), value);
    if (result.ec != std::errc() || result.ptr != line.data() + line.size() || line.empty()) {
      fail("has a number that cannot be read");
    }
    return value;
  }

  void push_integer(std::string_view line) {
    PickleValue value;
    const bool is_boolean = line == "00" || line == "01";
    value.kind = is_boolean ? PickleValue::Kind::boolean : PickleValue::Kind::integer;
    value.integer = whole_number(line);
    push(std::move(value));
  }

  void push_long() {
    std::string_view line = take_line();
    if (!line.empty() && line.back() == 'L') line.remove_suffix(1);
    PickleValue value;
    value.kind = PickleValue::Kind::integer;
    value.integer = whole_number(line);
    push(std::move(value));
  }

  void push_real() {
    const std::optional<double> number = parse_cell(take_line());
    if (!number) fail("has a number that cannot be read");
    PickleValue value;
    value.kind = PickleValue::Kind::real;
    value.real = *number;
    push(std::move(value));
  }

  uint32_t hexadecimal(std::string_view digits, size_t expected) const {
    uint32_t code = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != expected || result.ec != std::errc() ||
        result.ptr != digits.data() + digits.size()) {
      fail("has an escape that cannot be read");
    }
    return code;
  }

  /// raw-unicode-escape: Latin-1 bytes, \uXXXX and \UXXXXXXXX (surrogate pairs are joined).
  std::string unescaped_unicode(std::string_view line) const {
    std::string out;
    for (size_t i = 0; i < line.size();) {
      const char next = line[i] == '\\' && i + 1 < line.size() ? line[i + 1] : '\0';
      if (next != 'u' && next != 'U') {
        append_utf8(out, static_cast<unsigned char>(line[i++]));
        continue;
      }
      const size_t width = next == 'u' ? 4 : 8;
      uint32_t code = hexadecimal(line.substr(i + 2, width), width);
      i += 2 + width;
      if (code >= 0xD800 && code < 0xDC00 && line.substr(i, 2) == "\\u") {
        const uint32_t low = hexadecimal(line.substr(i + 2, 4), 4);
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          i += 6;
        }
      }
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("names no Unicode character");
      append_utf8(out, code);
    }
    return out;
  }

  /// Python 2's quoted byte strings; the escapes its repr() writes.
  std::string unquoted(std::string_view line) const {
    if (line.size() < 2 || line.front() != line.back() ||
        (line.front() != '\'' && line.front() != '"')) {
      fail("has a string without quotes");
    }
    line = line.substr(1, line.size() - 2);
    std::string out;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] != '\\') {
        out += line[i];
        continue;
      }
      if (++i == line.size()) fail("has an escape that cannot be read");
      switch (line[i]) {
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case 'r':
          out += '\r';
          break;
        case '\\':
        case '\'':
        case '"':
          out += line[i];
          break;
        case 'x':
          out += static_cast<char>(hexadecimal(line.substr(i + 1, 2), 2));
          i += 2;
          break;
        default:
          fail("has an escape that cannot be read");
      }
    }
    return out;
  }

  void put() {
    const std::string_view key = take_line();
    if (stack_.empty()) fail("remembers a value before there is one");
    if (stack_.back().kind == PickleValue::Kind::text) memo_[std::string(key)] = stack_.back().text;
  }

  void get() {
    const auto found = memo_.find(std::string(take_line()));
    if (found == memo_.end()) fail("refers to a string it never held");
    // Without this a short text could name one long string over and over.
    bytes_recalled_ += found->second.size();
    if (bytes_recalled_ > 64 * kMostBytes) fail("holds too many values");
    push_text(found->second);
  }

  std::string_view all_;
  std::string_view rest_;
  std::vector<PickleValue> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<std::string, std::string> memo_;
  size_t num_values_ = 0;
  size_t bytes_recalled_ = 0;
};

}  // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  for (size_t i = 0; kind == Kind::dict && i + 1 < items.size(); i += 2) {
    if (items[i].kind == Kind::text && items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

PickleValue read_pickle_text(std::string_view pickle) { return Reader(pickle).read(); }

void PickleWriter::integer(int64_t value) {
  const bool is_short =
      value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  out_ += is_short ? fmt::format("I{}\n", value) : fmt::format("L{}L\n", value);
}

void PickleWriter::real(double value) {
  out_ += 'F' + (value != value ? std::string("nan") : number_text(value)) + '\n';
}

void PickleWriter::text(std::string_view utf8) {
  const auto [entry, is_new] = memo_.try_emplace(std::string(utf8), memo_.size());
  if (!is_new) {
    out_ += fmt::format("g{}\n", entry->second);
    return;
  }
  out_ += 'V';
  while (!utf8.empty()) {
    const uint32_t code = take_code_point(utf8);
    if (code > 0xFFFF) {
      out_ += fmt::format("\\U{:08x}", code);
    } else if (code > 0x7E || code == '\\' || code < 0x20) {
      out_ += fmt::format("\\u{:04x}", code);
    } else {
      out_ += static_cast<char>(code);
    }
  }
  out_ += fmt::format("\np{}\n", entry->second);
}

void PickleWriter::once(const std::string& code) {
  // No text begins with this: it is not UTF-8.
  const auto [entry, is_new] = memo_.try_emplace('\xFF' + code, memo_.size());
  out_ +=
      is_new ? fmt::format("{}p{}\n", code, entry->second) : fmt::format("g{}\n", entry->second);
}

void PickleWriter::array(const char* dtype, std::string_view bytes,
                         std::span<const int64_t> extents) {
  // _reconstruct(ndarray, (0,), b"b"), then its state: version, shape, dtype, column-major, bytes.
  once("cnumpy.core.multiarray\n_reconstruct\n");
  begin_tuple();
  once("cnumpy\nndarray\n");
  out_ +=
      "(I0\ntC\x01"
      "btR(I1\n";
  begin_tuple();
  for (const int64_t extent : extents) integer(extent);
  end_tuple();
  // dtype(name, False, True) with its state: version, byte order and what records have.
  once(fmt::format("cnumpy\ndtype\n(V{}\nI00\nI01\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntb", dtype));
  boolean(false);
  POSSE_ASSERT(bytes.size() < 256);
  out_ += 'C';
  out_ += static_cast<char>(bytes.size());
  out_ += bytes;
  out_ += "tb";
}

void PickleWriter::array(std::span<const float> values, std::span<const int64_t> extents) {
  array("f4", {reinterpret_cast<const char*>(values.data()), values.size_bytes()}, extents);
}

void PickleWriter::array(std::span<const int64_t> values, std::span<const int64_t> extents) {
  array("i8", {reinterpret_cast<const char*>(values.data()), values.size_bytes()}, extents);
}

void PickleWriter::value(const PickleValue& value) {
  using Kind = PickleValue::Kind;
  switch (value.kind) {
    case Kind::none:
      return none();
    case Kind::boolean:
      return boolean(value.integer != 0);
    case Kind::integer:
      return integer(value.integer);
    case Kind::real:
      return real(value.real);
    case Kind::text:
      return text(value.text);
    case Kind::tuple:
      begin_tuple();
      for (const PickleValue& item : value.items) this->value(item);
      return end_tuple();
    case Kind::list:
      begin_list();
      for (const PickleValue& item : value.items) this->value(item), append();
      return;
    case Kind::dict:
      begin_dict();
      for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
        this->value(value.items[i]);
        this->value(value.items[i + 1]);
        set();
      }
      return;
  }
}

}  // namespace posse
