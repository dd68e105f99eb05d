/// The one exception type of the library.
///
/// Never confused: wrong input (Error), a mistake of ours (POSSE_ASSERT, never reached by input),
/// an expected outcome (a return value). `cli` and the Python bindings end an Error; in between it
/// is caught to add the place, or where "cannot be read" is an answer (caches, other journals).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace posse {

/// What went wrong, for callers that react to it. Each kind has an exit status of the program and
/// an exception class in Python.
enum class ErrorKind {
  /// An option or argument is wrong; exit 2, ValueError.
  usage,
  /// A value given through the API is out of range; exit 1, ValueError.
  invalid_value,
  /// A file, folder, bodypart, snapshot ... does not exist; exit 1, FileNotFoundError.
  not_found,
  /// A file is damaged or not what it claims to be; exit 1, ValueError.
  bad_file,
  /// Arrays, tensors or members do not fit together; exit 1, ValueError.
  shape_mismatch,
  /// Well-formed, but nothing that posse can work with; exit 5, RuntimeError.
  unsupported,
  /// Not built in, or not possible on this machine; exit 5, RuntimeError.
  unavailable,
  /// The operating system refused (disk full, permission); exit 1, OSError.
  io,
  /// The memory of a graphics card is full; exit 5, RuntimeError.
  device_memory,
  /// A card has failed for this process and may work in the next; exit 75, RuntimeError.
  device_lost,
  /// The caller asked to stop; exit 130, KeyboardInterrupt.
  interrupted,
};

/// "usage", "bad_file", ...: the enumerator's own name.
std::string_view to_string(ErrorKind kind);

/// Optional second and third lines of an error.
struct ErrorNotes {
  /// What there is instead, as "snapshot-100000, snapshot-step2-final--0".
  std::string have;
  /// What to do about it, as "posse info PROJECT lists the snapshots of a project".
  std::string hint;
};

/// An error of the caller's input or surroundings.
///
/// `message` names the thing concerned (file, bodypart, frame, option), what was found and what was
/// expected. what() gives the message, then, each on a line of its own and indented, "have: ..."
/// and "hint: ...".
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, ErrorNotes notes = {});

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const ErrorNotes& notes() const { return notes_; }

 private:
  ErrorKind kind_;
  std::string message_;
  ErrorNotes notes_;
};

/// Ends the program with the place and the broken condition: a mistake of ours, never reachable
/// from input.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace posse

#define POSSE_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::posse::assertion_failed(#condition, __FILE__, __LINE__))
