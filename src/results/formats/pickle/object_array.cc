#include "results/formats/pickle/object_array.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace posse {
namespace {

constexpr size_t kMostDepth = 64;

/// A value on the stack; containers and texts lie in pools and are referred to by their place.
struct Value {
  enum class Kind : uint8_t { none, number, boolean, text, bytes, sequence, name, call };
  Kind kind = Kind::none;
  double number = 0;
  size_t place = 0;
};

/// What a pickle would call: a function's name, its arguments, and the state set afterwards.
struct Call {
  Value function;
  Value arguments;
  std::optional<Value> state;
};

/// The stack machine of pickle, without anything that it could run.
class Machine {
 public:
  explicit Machine(std::span<const uint8_t> pickle) : all_(pickle), rest_(pickle) {}

  ObjectArray read() {
    while (true) {
      const uint8_t opcode = take<uint8_t>();
      if (opcode == '.') break;
      step(opcode);
    }
    if (stack_.size() != 1) fail("does not hold exactly one value");
    return array_of(stack_.front());
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::bad_file,
                fmt::format("pickled objects: {} (at byte {})", what, all_.size() - rest_.size()));
  }

  std::span<const uint8_t> take_bytes(size_t count) {
    if (count > rest_.size()) fail("ends too early");
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  /// Pickles are little-endian but for BINFLOAT, as is every machine posse runs on.
  template <typename Number>
  Number take() {
    Number number;
    std::memcpy(&number, take_bytes(sizeof number).data(), sizeof number);
    return number;
  }

  std::string take_text(size_t count) {
    const auto bytes = take_bytes(count);
    return {bytes.begin(), bytes.end()};
  }

  std::string take_line() {
    std::string line;
    for (char c = take<char>(); c != '\n'; c = take<char>()) line += c;
    return line;
  }

  void step(uint8_t opcode) {
    if (step_plain(opcode) || step_text(opcode) || step_container(opcode)) return;
    fail(fmt::format("opcode 0x{:02x}, which arrays of numbers do not need", opcode));
  }

  bool step_plain(uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        take<uint8_t>();
        return true;
      case 0x95:  // FRAME
        take<uint64_t>();
        return true;
      case 'N':
        stack_.push_back({});
        return true;
      case 0x88:
      case 0x89:
        stack_.push_back({.kind = Value::Kind::boolean, .number = opcode == 0x88 ? 1.0 : 0.0});
        return true;
      case 'J':
        push_number(take<int32_t>());
        return true;
      case 'K':
        push_number(take<uint8_t>());
        return true;
      case 'M':
        push_number(take<uint16_t>());
        return true;
      case 0x8A:  // LONG1
        push_long(take<uint8_t>());
        return true;
      case 'G':
        push_float();
        return true;
      case 0x94:  // MEMOIZE
        memo_[memo_.size()] = top();
        return true;
      case 'q':
        memo_[take<uint8_t>()] = top();
        return true;
      case 'r':
        memo_[take<uint32_t>()] = top();
        return true;
      case 'h':
        recall(take<uint8_t>());
        return true;
      case 'j':
        recall(take<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  bool step_text(uint8_t opcode) {
    switch (opcode) {
      case 0x8C:
        push_text(Value::Kind::text, take<uint8_t>());
        return true;
      case 'X':
        push_text(Value::Kind::text, take<uint32_t>());
        return true;
      case 'C':
      case 'U':
        push_text(Value::Kind::bytes, take<uint8_t>());
        return true;
      case 'B':
      case 'T':
        push_text(Value::Kind::bytes, take<uint32_t>());
        return true;
      case 'c': {
        const std::string module = take_line();
        push_name(module, take_line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const Value name = pop();
        const Value module = pop();
        push_name(text_of(module), text_of(name));
        return true;
      }
      default:
        return false;
    }
  }

  bool step_container(uint8_t opcode) {
    switch (opcode) {
      case '(':
        if (marks_.size() >= kMostDepth) fail("nested too deeply");
        marks_.push_back(stack_.size());
        return true;
      case ')':
      case ']':
        push_sequence({});
        return true;
      case 't':
        push_sequence(take_marked());
        return true;
      case 0x85:
      case 0x86:
      case 0x87: {
        std::vector<Value> items(opcode - 0x84U);
        for (size_t i = items.size(); i-- > 0;) items[i] = pop();
        push_sequence(std::move(items));
        return true;
      }
      case 'a':
        append({pop()});
        return true;
      case 'e':
        append(take_marked());
        return true;
      case 'R': {
        const Value arguments = pop();
        const Value function = pop();
        stack_.push_back({.kind = Value::Kind::call, .place = calls_.size()});
        calls_.push_back({function, arguments, std::nullopt});
        return true;
      }
      case 'b': {
        const Value state = pop();
        if (top().kind != Value::Kind::call) fail("sets the state of what has none");
        calls_[top().place].state = state;
        return true;
      }
      default:
        return false;
    }
  }

  Value& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
      fail("takes a value before there is one");
    return stack_.back();
  }

  Value pop() {
    const Value value = top();
    stack_.pop_back();
    return value;
  }

  std::vector<Value> take_marked() {
    if (marks_.empty()) fail("closes what was not opened");
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<Value> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push_number(double number) {
    stack_.push_back({.kind = Value::Kind::number, .number = number});
  }

  void push_long(size_t count) {
    if (count > 8) fail("a whole number of more than 64 bits");
    const auto bytes = take_bytes(count);
    int64_t number = 0;
    for (size_t i = 0; i < count; ++i) number |= static_cast<int64_t>(bytes[i]) << (8 * i);
    if (count > 0 && count < 8 && bytes[count - 1] >= 0x80) number -= int64_t{1} << (8 * count);
    push_number(static_cast<double>(number));
  }

  void push_float() {
    uint64_t bits = 0;
    for (const uint8_t byte : take_bytes(8)) bits = bits << 8 | byte;
    push_number(std::bit_cast<double>(bits));
  }

  void push_text(Value::Kind kind, size_t count) {
    stack_.push_back({.kind = kind, .place = texts_.size()});
    texts_.push_back(take_text(count));
  }

  void push_name(const std::string& module, const std::string& name) {
    stack_.push_back({.kind = Value::Kind::name, .place = texts_.size()});
    texts_.push_back(module + "." + name);
  }

  void push_sequence(std::vector<Value> items) {
    stack_.push_back({.kind = Value::Kind::sequence, .place = sequences_.size()});
    sequences_.push_back(std::move(items));
  }

  void append(const std::vector<Value>& items) {
    if (top().kind != Value::Kind::sequence) fail("adds to something that holds nothing");
    auto& list = sequences_[top().place];
    list.insert(list.end(), items.begin(), items.end());
  }

  void recall(size_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("refers to a value it never held");
    stack_.push_back(found->second);
  }

  const std::string& text_of(const Value& value) const {
    const bool is_text = value.kind == Value::Kind::text || value.kind == Value::Kind::bytes ||
                         value.kind == Value::Kind::name;
    if (!is_text) fail("names something by no text");
    return texts_[value.place];
  }

  std::span<const Value> items_of(const Value& value) const {
    if (value.kind != Value::Kind::sequence) fail("holds no array");
    return sequences_[value.place];
  }

  /// Whether the value is what `function` of numpy's multiarray module gives.
  bool is_call(const Value& value, std::string_view function) const {
    if (value.kind != Value::Kind::call) return false;
    const Value& name = calls_[value.place].function;
    if (name.kind != Value::Kind::name) return false;
    return texts_[name.place] == fmt::format("numpy.core.multiarray.{}", function) ||
           texts_[name.place] == fmt::format("numpy._core.multiarray.{}", function);
  }

  ObjectArray array_of(const Value& value) const {
    if (!is_call(value, "_reconstruct") || !calls_[value.place].state) fail("is no numpy array");
    const auto state = items_of(*calls_[value.place].state);  // version, shape, type, order, data
    if (state.size() != 5) fail("is an array without its state");
    ObjectArray array;
    size_t count = 1;
    for (const Value& extent : items_of(state[1])) {
      if (extent.kind != Value::Kind::number || extent.number < 0 || extent.number > 1e12) {
        fail("has an extent that is no count");
      }
      array.shape.push_back(static_cast<size_t>(extent.number));
      if (array.shape.back() > 0 && count > (size_t{1} << 40) / array.shape.back()) {
        fail("claims more values than it holds");
      }
      count *= array.shape.back();
    }
    // state[3] says whether the array was in Fortran's order; lists of objects never are.
    if (state[4].kind != Value::Kind::sequence) fail("is an array of another type than object");
    const auto items = items_of(state[4]);
    if (items.size() != count) fail("claims other values than it holds");
    array.values.reserve(count);
    for (size_t i = 0; i < count; ++i) array.values.push_back(number_of(items[i], i));
    return array;
  }

  double number_of(const Value& value, size_t index) const {
    if (value.kind == Value::Kind::number) return value.number;
    if (value.kind == Value::Kind::none) return std::numeric_limits<double>::quiet_NaN();
    if (is_call(value, "scalar")) return scalar_of(calls_[value.place], index);
    const bool is_text = value.kind == Value::Kind::text || value.kind == Value::Kind::bytes;
    throw Error(ErrorKind::bad_file,
                fmt::format("{} at value {}",
                            is_text ? "text '" + texts_[value.place].substr(0, 40) + "'"
                                    : "a Python object",
                            index));
  }

  /// numpy.float64(3.5) is scalar(dtype("f8"), 8 bytes).
  double scalar_of(const Call& call, size_t index) const {
    const auto arguments = items_of(call.arguments);
    if (arguments.size() == 2 && arguments[0].kind == Value::Kind::call &&
        arguments[1].kind == Value::Kind::bytes) {
      const Call& type = calls_[arguments[0].place];
      const auto words = items_of(type.arguments);
      const bool is_foreign = type.state && items_of(*type.state).size() > 1 &&
                              text_of(items_of(*type.state)[1]) == ">";
      const std::string name = words.empty() || is_foreign ? "" : text_of(words[0]);
      const std::string& bytes = texts_[arguments[1].place];
      if (name == "f8") return scalar<double>(bytes);
      if (name == "f4") return scalar<float>(bytes);
      if (name == "i8") return scalar<int64_t>(bytes);
      if (name == "i4") return scalar<int32_t>(bytes);
    }
    throw Error(ErrorKind::bad_file,
                fmt::format("a numpy scalar of another type at value {}", index));
  }

  template <typename Number>
  double scalar(const std::string& bytes) const {
    Number number;
    if (bytes.size() != sizeof number) fail("a numpy scalar of another size");
    std::memcpy(&number, bytes.data(), sizeof number);
    return static_cast<double>(number);
  }

  std::span<const uint8_t> all_;
  std::span<const uint8_t> rest_;
  std::vector<Value> stack_;
  std::vector<size_t> marks_;
  std::map<size_t, Value> memo_;
  std::vector<std::string> texts_;
  std::vector<std::vector<Value>> sequences_;
  std::vector<Call> calls_;
};

}  // namespace

ObjectArray read_object_array(std::span<const uint8_t> pickle) { return Machine(pickle).read(); }

}  // namespace posse
