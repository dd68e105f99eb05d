#include "checkpoint/torch/torch_pickle.h"

#include <fmt/format.h>

#include <bit>
#include <unordered_map>
#include <utility>

#include "base/error.h"

namespace posse {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr size_t kMostNodes = 1'000'000;
constexpr size_t kMostMarks = 256;

using Kind = PickleNode::Kind;

}  // namespace

/// The stack machine of pickle: it builds nodes and has nothing that could run.
class TorchPickleMachine {
 public:
  TorchPickleMachine(std::span<const uint8_t> bytes, std::string place, TorchPickle& target)
      : bytes_(bytes), place_(std::move(place)), nodes_(target.nodes_) {}

  PickleId read() {
    if (bytes_.size() > kMostBytes) fail("is larger than 64 MiB");
    while (true) {
      const uint8_t opcode = byte();
      if (opcode == '.') break;
      if (!bookkeeping(opcode) && !number(opcode) && !text(opcode) && !container(opcode) &&
          !filling(opcode) && !object(opcode)) {
        fail(fmt::format("uses the opcode 0x{:02x}, which torch.save() does not write", opcode));
      }
    }
    if (!marks_.empty()) fail("ends within a container");
    return pop();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::bad_file, fmt::format("{} {} (at byte {})", place_, what, next_),
                {.hint = "copy the file again from where it was written"});
  }

  std::span<const uint8_t> take(uint64_t count) {
    if (count > bytes_.size() - next_) fail("ends too early");
    const auto taken = bytes_.subspan(next_, count);
    next_ += count;
    return taken;
  }
  uint8_t byte() { return take(1)[0]; }
  uint64_t unsigned_number(size_t num_bytes) {
    const auto taken = take(num_bytes);
    uint64_t value = 0;
    for (size_t i = num_bytes; i-- > 0;) value = value << 8 | taken[i];
    return value;
  }
  std::string_view take_text(uint64_t count) {
    const auto taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string_view take_line() {
    const size_t first = next_;
    while (byte() != '\n') {
    }
    return {reinterpret_cast<const char*>(bytes_.data()) + first, next_ - 1 - first};
  }

  void push(PickleNode node) {
    if (nodes_.size() >= kMostNodes) fail("holds more than a million values");
    stack_.push_back(static_cast<PickleId>(nodes_.size()));
    nodes_.push_back(std::move(node));
  }
  void push_empty(Kind kind) {
    PickleNode node;
    node.kind = kind;
    push(std::move(node));
  }
  void push_integer(int64_t value, Kind kind = Kind::integer) {
    PickleNode node;
    node.kind = kind;
    node.integer = value;
    push(std::move(node));
  }
  void push_text(std::string_view value, Kind kind = Kind::text) {
    PickleNode node;
    node.kind = kind;
    node.text = value;
    push(std::move(node));
  }
  void push_with(Kind kind, std::vector<PickleId> items) {
    PickleNode node;
    node.kind = kind;
    node.items = std::move(items);
    push(std::move(node));
  }

  /// The lowest place of the stack that belongs to the innermost mark.
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleId pop() {
    if (stack_.size() <= floor()) fail("takes a value that is not there");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  PickleId top() const {
    if (stack_.size() <= floor()) fail("takes a value that is not there");
    return stack_.back();
  }
  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) fail("closes what was not opened");
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<PickleId> pop_several(size_t count) {
    std::vector<PickleId> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  /// Adds items to the container or object on top of the stack.
  void fill(const std::vector<PickleId>& items, bool in_pairs) {
    PickleNode& target = nodes_[top()];
    if (in_pairs && items.size() % 2 != 0) fail("has a key without a value");
    const bool fits = target.kind == Kind::object ||
                      (in_pairs ? target.kind == Kind::dict
                                : target.kind == Kind::list || target.kind == Kind::set);
    if (!fits) fail("fills something that holds nothing");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("refers to what it never held");
    stack_.push_back(found->second);
  }

  bool bookkeeping(uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (byte() > 5) fail("is of a protocol beyond 5");
        return true;
      case 0x95:  // FRAME
        take(8);
        return true;
      case '(':  // MARK
        if (marks_.size() >= kMostMarks) fail("is nested too deeply");
        marks_.push_back(stack_.size());
        return true;
      case '0':  // POP
        pop();
        return true;
      case '1':  // POP_MARK
        pop_to_mark();
        return true;
      case '2':  // DUP
        stack_.push_back(top());
        return true;
      case 'q':  // BINPUT
        memo_[unsigned_number(1)] = top();
        return true;
      case 'r':  // LONG_BINPUT
        memo_[unsigned_number(4)] = top();
        return true;
      case 0x94:  // MEMOIZE
        memo_[memo_.size()] = top();
        return true;
      case 'h':  // BINGET
        recall(unsigned_number(1));
        return true;
      case 'j':  // LONG_BINGET
        recall(unsigned_number(4));
        return true;
      default:
        return false;
    }
  }

  void push_long(std::span<const uint8_t> digits) {
    if (digits.size() > 8) return push_empty(Kind::number_too_large);
    uint64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = digits.size(); i-- > 0;) value = value << 8 | digits[i];
    push_integer(static_cast<int64_t>(value));
  }
  void push_real() {
    uint64_t bits = 0;
    for (const uint8_t each : take(8)) bits = bits << 8 | each;
    PickleNode node;
    node.kind = Kind::real;
    node.real = std::bit_cast<double>(bits);
    push(std::move(node));
  }

  bool number(uint8_t opcode) {
    switch (opcode) {
      case 'N':
        push_empty(Kind::none);
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push_integer(opcode == 0x88 ? 1 : 0, Kind::boolean);
        return true;
      case 'K':  // BININT1
        push_integer(static_cast<int64_t>(unsigned_number(1)));
        return true;
      case 'M':  // BININT2
        push_integer(static_cast<int64_t>(unsigned_number(2)));
        return true;
      case 'J':  // BININT
        push_integer(static_cast<int32_t>(unsigned_number(4)));
        return true;
      case 0x8A:  // LONG1
        push_long(take(unsigned_number(1)));
        return true;
      case 0x8B:  // LONG4
        push_long(take(unsigned_number(4)));
        return true;
      case 'G':  // BINFLOAT
        push_real();
        return true;
      default:
        return false;
    }
  }

  bool text(uint8_t opcode) {
    switch (opcode) {
      case 'U':   // SHORT_BINSTRING
      case 0x8C:  // SHORT_BINUNICODE
        push_text(take_text(unsigned_number(1)));
        return true;
      case 'T':  // BINSTRING
      case 'X':  // BINUNICODE
        push_text(take_text(unsigned_number(4)));
        return true;
      case 0x8D:  // BINUNICODE8
        push_text(take_text(unsigned_number(8)));
        return true;
      case 'C':  // SHORT_BINBYTES
        push_text(take_text(unsigned_number(1)), Kind::bytes);
        return true;
      case 'B':  // BINBYTES
        push_text(take_text(unsigned_number(4)), Kind::bytes);
        return true;
      case 0x8E:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        push_text(take_text(unsigned_number(8)), Kind::bytes);
        return true;
      default:
        return false;
    }
  }

  bool container(uint8_t opcode) {
    switch (opcode) {
      case ']':
        push_empty(Kind::list);
        return true;
      case '}':
        push_empty(Kind::dict);
        return true;
      case ')':
        push_empty(Kind::tuple);
        return true;
      case 0x8F:  // EMPTY_SET
        push_empty(Kind::set);
        return true;
      case 't':  // TUPLE
        push_with(Kind::tuple, pop_to_mark());
        return true;
      case 0x85:  // TUPLE1, TUPLE2, TUPLE3
      case 0x86:
      case 0x87:
        push_with(Kind::tuple, pop_several(opcode - 0x84U));
        return true;
      case 0x91:  // FROZENSET
        push_with(Kind::set, pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool filling(uint8_t opcode) {
    switch (opcode) {
      case 'a':  // APPEND
        fill(pop_several(1), false);
        return true;
      case 'e':   // APPENDS
      case 0x90:  // ADDITEMS
        fill(pop_to_mark(), false);
        return true;
      case 's':  // SETITEM
        fill(pop_several(2), true);
        return true;
      case 'u':  // SETITEMS
        fill(pop_to_mark(), true);
        return true;
      case 'b': {  // BUILD
        const PickleId state = pop();
        nodes_[top()].state = state;
        return true;
      }
      default:
        return false;
    }
  }

  void push_symbol(std::string_view module, std::string_view name) {
    PickleNode node;
    node.kind = Kind::symbol;
    node.module = module;
    node.text = name;
    push(std::move(node));
  }
  void push_object(const std::vector<PickleId>& callee_and_args) {
    PickleNode node;
    node.kind = Kind::object;
    node.callee = callee_and_args[0];
    node.args = callee_and_args[1];
    push(std::move(node));
  }

  bool object(uint8_t opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string_view module = take_line();
        push_symbol(module, take_line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const auto names = pop_several(2);
        push_symbol(nodes_[names[0]].text, nodes_[names[1]].text);
        return true;
      }
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        push_object(pop_several(2));
        return true;
      case 0x92:  // NEWOBJ_EX: keyword arguments are not needed
        push_object(pop_several(3));
        return true;
      case 'Q': {  // BINPERSID
        PickleNode node;
        node.kind = Kind::persistent;
        node.callee = pop();
        push(std::move(node));
        return true;
      }
      default:
        return false;
    }
  }

  std::span<const uint8_t> bytes_;
  std::string place_;
  size_t next_ = 0;
  std::vector<PickleNode>& nodes_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleId> memo_;
};

TorchPickle::TorchPickle(std::span<const uint8_t> bytes, std::string place) {
  root_ = TorchPickleMachine(bytes, std::move(place), *this).read();
}

bool TorchPickle::is_symbol(PickleId id, std::string_view module, std::string_view name) const {
  return id != kNoNode && at(id).kind == Kind::symbol && at(id).module == module &&
         at(id).text == name;
}

const std::vector<PickleId>* TorchPickle::dict_items(PickleId id) const {
  if (id == kNoNode) return nullptr;
  const PickleNode& node = at(id);
  if (node.kind == Kind::dict) return &node.items;
  const bool named_dict = node.kind == Kind::object && node.items.size() % 2 == 0 &&
                          (is_symbol(node.callee, "collections", "OrderedDict") ||
                           is_symbol(node.callee, "collections", "defaultdict") ||
                           is_symbol(node.callee, "collections", "Counter"));
  return named_dict ? &node.items : nullptr;
}

PickleId TorchPickle::find(PickleId dict, std::string_view key) const {
  const std::vector<PickleId>* items = dict_items(dict);
  if (items == nullptr) return kNoNode;
  for (size_t i = items->size(); i >= 2; i -= 2) {
    const PickleNode& found = at((*items)[i - 2]);
    if (found.kind == Kind::text && found.text == key) return (*items)[i - 1];
  }
  return kNoNode;
}

std::vector<std::string> TorchPickle::keys(PickleId dict) const {
  std::vector<std::string> keys;
  const std::vector<PickleId>* items = dict_items(dict);
  if (items == nullptr) return keys;
  for (size_t i = 0; i + 1 < items->size(); i += 2) {
    const PickleNode& key = at((*items)[i]);
    if (key.kind == Kind::text) keys.emplace_back(key.text);
  }
  return keys;
}

}  // namespace posse
