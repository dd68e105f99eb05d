/// Reads and writes Python pickles of protocol 0, as pandas leaves them in the attributes of its
/// HDF5 files.
///
/// Reading understands the handful of opcodes that describe None, numbers, strings, lists, tuples
/// and dictionaries, and nothing else: no class is looked up and nothing is ever executed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace posse {

/// One value of a pickle.
struct PickleValue {
  enum class Kind { none, boolean, integer, real, text, list, tuple, dict };
  Kind kind = Kind::none;
  int64_t integer = 0;             ///< of a boolean (0, 1) or an integer
  double real = 0;                 ///< of a real
  std::string text;                ///< of a text, UTF-8
  std::vector<PickleValue> items;  ///< of a list or tuple; of a dict: key, value, key, value ...

  /// The dict's value under a text key; nullptr if there is none.
  const PickleValue* find(std::string_view key) const;
};

/// Reads one pickle.
///
/// Time and memory stay proportional to the text: at most 1 MiB of it, 1,000,000 values in all and
/// 32 levels of nesting; anything else, an unknown opcode included, is an error.
/// @throws Error(bad_file), naming the byte where reading stopped
PickleValue read_pickle_text(std::string_view pickle);

/// Writes one pickle, value by value, in the order of the Python literal.
///
/// Strings that come again are written once and then referred to, which keeps the header of a table
/// with hundreds of bodyparts below HDF5's limit of 64 KiB per attribute.
class PickleWriter {
 public:
  void none() { out_ += 'N'; }
  void boolean(bool value) { out_ += value ? "I01\n" : "I00\n"; }
  void integer(int64_t value);
  void real(double value);
  /// @param utf8  well-formed UTF-8
  void text(std::string_view utf8);
  void begin_list() { out_ += "(l"; }
  void append() { out_ += 'a'; }  ///< the value just written joins the list before it
  void begin_tuple() { out_ += '('; }
  void end_tuple() { out_ += 't'; }
  void begin_dict() { out_ += "(d"; }
  void set() { out_ += 's'; }  ///< the key and value just written join the dictionary before them
  /// A whole value with what is in it.
  void value(const PickleValue& value);
  /// A numpy array of 4-byte floats or 8-byte integers, as numpy itself pickles it (readable by
  /// numpy 1 and 2; needs a reader of protocol 3). Its elements take at most 255 bytes.
  /// @param extents  of its axes, row-major
  void array(std::span<const float> values, std::span<const int64_t> extents);
  void array(std::span<const int64_t> values, std::span<const int64_t> extents);
  /// The bytes so far, which are let go: a long pickle is written piece by piece.
  std::string take() { return std::exchange(out_, {}); }
  std::string finish() && { return std::move(out_) + '.'; }

 private:
  /// `code` once, and later a reference to what it made.
  void once(const std::string& code);
  void array(const char* dtype, std::string_view bytes, std::span<const int64_t> extents);

  std::string out_;
  std::unordered_map<std::string, size_t> memo_;
};

}  // namespace posse
