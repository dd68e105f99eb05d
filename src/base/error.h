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

/// What went wrong, for callers that react to it (exit codes, Python exception classes).
enum class ErrorKind {
  usage,          ///< an option or argument is wrong; exit 2, ValueError
  invalid_value,  ///< a value given through the API is out of range; exit 1, ValueError
  /// A file, folder, bodypart, snapshot ... does not exist; exit 1, FileNotFoundError.
  not_found,
  /// A file is damaged or not what it claims to be; exit 1, ValueError.
  bad_file,
  shape_mismatch,  ///< arrays, tensors or members do not fit together; exit 1, ValueError
  /// Well-formed, but nothing that posse can work with; exit 5, RuntimeError.
  unsupported,
  /// Not built in, or not possible on this machine; exit 5, RuntimeError.
  unavailable,
  /// The operating system refused (disk full, permission); exit 1, OSError.
  io,
  interrupted,  ///< the caller asked to stop; exit 130, KeyboardInterrupt
  // The exit status is the program's, the exception's class that of Python.
};

/// "usage", "bad_file", ...: the enumerator's own name.
std::string_view to_string(ErrorKind kind);

/// Optional second and third lines of an error.
struct ErrorNotes {
  std::string have;  ///< what there is instead, as "snapshot-100000, snapshot-step2-final--0"
  std::string
      hint;  ///< what to do about it, as "posse info PROJECT lists the snapshots of a project"
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
