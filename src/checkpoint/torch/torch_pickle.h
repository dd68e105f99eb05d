/// Reads the pickle of a torch file as a tree of plain nodes. Nothing in it is ever looked up or
/// executed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// A node's number in its TorchPickle; kNoNode: none.
using PickleId = uint32_t;
inline constexpr PickleId kNoNode = ~PickleId{0};

/// One value. Texts are looks at the pickle's bytes.
struct PickleNode {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    list,
    tuple,
    dict,
    set,
    symbol,      ///< the name of a class or function: `module` and `text`
    object,      ///< what a symbol would make of its arguments
    persistent,  ///< a reference to something outside: `callee` is its id, a tuple for a storage
    number_too_large,
  };
  Kind kind = Kind::none;
  int64_t integer = 0;  ///< of a boolean (0, 1) or an integer
  double real = 0;
  std::string_view module;      ///< of a symbol
  std::string_view text;        ///< of a text or bytes; of a symbol its name
  PickleId callee = kNoNode;    ///< of an object: the symbol (or whatever stood there)
  PickleId args = kNoNode;      ///< of an object: its arguments, a tuple
  PickleId state = kNoNode;     ///< of an object: what was attached to it
  std::vector<PickleId> items;  ///< of a container or object; of a dict key, value, key, value ...
};

/// A pickle of protocol 2 to 5.
class TorchPickle {
 public:
  /// @param bytes  have to outlive the object.
  /// @param place  for messages, as "FILE: 'archive/data.pkl'".
  /// @throws Error(bad_file) for a pickle that ends early, takes values that are not there, nests
  ///         marks more than 256 deep, uses an opcode torch never writes, is larger than 64 MiB or
  ///         holds more than a million values; naming the byte.
  TorchPickle(std::span<const uint8_t> bytes, std::string place);

  PickleId root() const { return root_; }
  const PickleNode& at(PickleId id) const { return nodes_[id]; }
  /// True for the symbol `module name`.
  bool is_symbol(PickleId id, std::string_view module, std::string_view name) const;
  /// Keys and values, alternating, of a dict or of an object that is a dict with another name
  /// (collections OrderedDict, defaultdict, Counter); nullptr if it is none.
  const std::vector<PickleId>* dict_items(PickleId id) const;
  /// The value under a text key of such a dict, the last of several; kNoNode if there is none.
  PickleId find(PickleId dict, std::string_view key) const;
  /// The text keys of such a dict, in order.
  std::vector<std::string> keys(PickleId dict) const;

 private:
  friend class TorchPickleMachine;
  std::vector<PickleNode> nodes_;
  PickleId root_ = kNoNode;
};

}  // namespace posse
