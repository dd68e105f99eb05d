#include "results/formats/pickle/pickle_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace posse {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr int kMostDepth = 64;

using Kind = PickleValue::Kind;

struct Entry {
  PickleValue value;
  int depth = 0;  ///< levels of containers within
};

PickleValue of_kind(Kind kind) {
  PickleValue value;
  value.kind = kind;
  return value;
}

bool is_number(const PickleValue& value) {
  return value.kind == Kind::integer || value.kind == Kind::real;
}

/// The stack machine of pickle, without anything that it could run.
class Machine {
 public:
  explicit Machine(std::string_view bytes) : all_(bytes), rest_(bytes) {}

  PickleValue read() {
    if (all_.size() > kMostBytes) fail("is larger than 16 MiB");
    while (true) {
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      if (!frame_or_memo(opcode) && !scalar(opcode) && !text(opcode) && !container(opcode) &&
          !object(opcode)) {
        fail(fmt::format("uses the opcode 0x{:02x}", opcode));
      }
    }
    if (stack_.size() != 1) fail("does not hold exactly one value");
    return std::move(stack_.front().value);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("pickle {} (at byte {})", what, all_.size() - rest_.size()));
  }

  std::string_view take(uint64_t count) {
    if (count > rest_.size()) fail("ends too early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view take_line() {
    const size_t stop = rest_.find('\n');
    if (stop == std::string_view::npos) fail("ends within a line");
    const std::string_view line = take(stop);
    take(1);
    return line;
  }
  /// Little-endian, without sign.
  uint64_t take_number(size_t num_bytes) {
    const std::string_view bytes = take(num_bytes);
    uint64_t number = 0;
    for (size_t i = num_bytes; i-- > 0;) {
      number = (number << 8) | static_cast<unsigned char>(bytes[i]);
    }
    return number;
  }
  int64_t parse_integer(std::string_view line) const {
    if (!line.empty() && line.back() == 'L') line.remove_suffix(1);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || end != line.data() + line.size()) fail("has a number that is none");
    return number;
  }

  void push(PickleValue value, int depth = 0) {
    if (depth > kMostDepth) fail("is nested too deeply");
    stack_.push_back({std::move(value), depth});
  }
  void push_integer(int64_t number) {
    PickleValue value = of_kind(Kind::integer);
    value.integer = number;
    push(std::move(value));
  }
  void push_boolean(bool truth) {
    PickleValue value = of_kind(Kind::boolean);
    value.integer = truth ? 1 : 0;
    push(std::move(value));
  }
  void push_real(double number) {
    PickleValue value = of_kind(Kind::real);
    value.real = number;
    push(std::move(value));
  }
  void push_text(std::string_view utf8) {
    PickleValue value = of_kind(Kind::text);
    value.text = utf8;
    push(std::move(value));
  }
  Entry pop() {
    if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back()))
      fail("takes a value that is not there");
    Entry entry = std::move(stack_.back());
    stack_.pop_back();
    return entry;
  }
  std::vector<Entry> pop_to_mark() {
    if (marks_.empty()) fail("closes what was not opened");
    const size_t first = marks_.back();
    marks_.pop_back();
    std::vector<Entry> entries(
        std::make_move_iterator(stack_.begin() + static_cast<ptrdiff_t>(first)),
        std::make_move_iterator(stack_.end()));
    stack_.resize(first);
    return entries;
  }
  std::vector<Entry> pop_several(size_t count) {
    std::vector<Entry> entries(count);
    for (size_t i = count; i-- > 0;) entries[i] = pop();
    return entries;
  }

  /// A new container of these items.
  void push_container(Kind kind, std::vector<Entry> entries) {
    push(of_kind(kind));
    fill(kind, std::move(entries));
  }
  /// Adds to the container on top of the stack; an object without items becomes what is filled in.
  void fill(Kind kind, std::vector<Entry> entries) {
    if (stack_.empty()) fail("fills nothing");
    Entry& target = stack_.back();
    if (target.value.items.empty()) target.value.kind = kind;
    if (target.value.kind != kind) fail("fills something that holds nothing");
    if (kind == Kind::dict && entries.size() % 2 != 0) fail("has a key without a value");
    for (Entry& entry : entries) {
      target.depth = std::max(target.depth, entry.depth + 1);
      target.value.items.push_back(std::move(entry.value));
    }
    if (target.depth > kMostDepth) fail("is nested too deeply");
  }

  void remember(uint64_t key) {
    if (stack_.empty()) fail("remembers nothing");
    const PickleValue& top = stack_.back().value;
    memo_[key] =
        top.items.empty() && top.kind != Kind::list && top.kind != Kind::dict ? top : PickleValue();
  }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("refers to what it never held");
    recalled_ += found->second.text.size() + 1;
    if (recalled_ > kMostBytes) fail("holds too many values");
    push(found->second);
  }

  bool frame_or_memo(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // protocol
        take(1);
        return true;
      case 0x95:  // frame
        take(8);
        return true;
      case 0x94:
        remember(memo_.size());
        return true;
      case 'q':
        remember(take_number(1));
        return true;
      case 'r':
        remember(take_number(4));
        return true;
      case 'p':
        remember(static_cast<uint64_t>(parse_integer(take_line())));
        return true;
      case 'h':
        recall(take_number(1));
        return true;
      case 'j':
        recall(take_number(4));
        return true;
      case 'g':
        recall(static_cast<uint64_t>(parse_integer(take_line())));
        return true;
      default:
        return false;
    }
  }

  bool scalar(unsigned char opcode) {
    switch (opcode) {
      case 'N':
        push({});
        return true;
      case 0x88:
      case 0x89:
        push_boolean(opcode == 0x88);
        return true;
      case 'K':
        push_integer(static_cast<int64_t>(take_number(1)));
        return true;
      case 'M':
        push_integer(static_cast<int64_t>(take_number(2)));
        return true;
      case 'J':
        push_integer(static_cast<int32_t>(take_number(4)));
        return true;
      case 0x8A:
        push_long(take(take_number(1)));
        return true;
      case 'G':
        push_big_endian_real();
        return true;
      case 'I':
        push_integer_or_truth(take_line());
        return true;
      case 'L':
        push_integer(parse_integer(take_line()));
        return true;
      case 'F':
        push_real_of(take_line());
        return true;
      default:
        return false;
    }
  }

  void push_integer_or_truth(std::string_view line) {
    if (line == "00" || line == "01") {
      push_boolean(line == "01");
    } else {
      push_integer(parse_integer(line));
    }
  }
  void push_long(std::string_view bytes) {
    if (bytes.size() > 8) fail("has a number beyond 64 bits");
    uint64_t number = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = bytes.size(); i-- > 0;) {
      number = (number << 8) | static_cast<unsigned char>(bytes[i]);
    }
    push_integer(static_cast<int64_t>(number));
  }
  void push_big_endian_real() {
    uint64_t bits = 0;
    for (const char byte : take(8)) bits = (bits << 8) | static_cast<unsigned char>(byte);
    push_real(std::bit_cast<double>(bits));
  }
  void push_real_of(std::string_view line) {
    double number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || end != line.data() + line.size()) fail("has a number that is none");
    push_real(number);
  }

  bool text(unsigned char opcode) {
    switch (opcode) {
      case 0x8C:
      case 'U':
        push_text(take(take_number(1)));
        return true;
      case 'X':
      case 'T':
        push_text(take(take_number(4)));
        return true;
      case 0x8D:
        push_text(take(take_number(8)));
        return true;
      case 'V':
      case 'S':
        push_text(take_line());
        return true;
      case 'C':
        take(take_number(1));
        push({});
        return true;
      case 'B':
        take(take_number(4));
        push({});
        return true;
      case 0x8E:
      case 0x96:
        take(take_number(8));
        push({});
        return true;
      default:
        return false;
    }
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case '(':
        marks_.push_back(stack_.size());
        if (marks_.size() > kMostDepth) fail("is nested too deeply");
        return true;
      case '}':
        push(of_kind(Kind::dict));
        return true;
      case ']':
      case 0x8F:  // a set
        push(of_kind(Kind::list));
        return true;
      case ')':
        push(of_kind(Kind::tuple));
        return true;
      case 't':
        push_container(Kind::tuple, pop_to_mark());
        return true;
      case 'l':
      case 0x91:  // a frozen set
        push_container(Kind::list, pop_to_mark());
        return true;
      case 'd':
        push_container(Kind::dict, pop_to_mark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push_container(Kind::tuple, pop_several(opcode - 0x84U));
        return true;
      case 'a':
        fill(Kind::list, pop_several(1));
        return true;
      case 'e':
      case 0x90:
        fill(Kind::list, pop_to_mark());
        return true;
      case 's':
        fill(Kind::dict, pop_several(2));
        return true;
      case 'u':
        fill(Kind::dict, pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool object(unsigned char opcode) {
    switch (opcode) {
      case 'c':  // a name in two lines
        take_line();
        take_line();
        push({});
        return true;
      case 0x93:  // a name in two texts
        pop_several(2);
        push({});
        return true;
      case 'R':
      case 0x81:
        push_object(pop_several(2)[1]);
        return true;
      case 0x92:
        push_object(pop_several(3)[1]);
        return true;
      case 'b':  // attributes
        pop();
        return true;
      default:
        return false;
    }
  }
  void push_object(const Entry& arguments) {
    const auto& items = arguments.value.items;
    if (items.size() == 1 && is_number(items[0])) {
      push(items[0]);
    } else {
      push(of_kind(Kind::dict));
    }
  }

  std::string_view all_;
  std::string_view rest_;
  std::vector<Entry> stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, PickleValue> memo_;
  size_t recalled_ = 0;
};

}  // namespace

PickleValue read_pickle(std::string_view bytes) { return Machine(bytes).read(); }

}  // namespace posse
