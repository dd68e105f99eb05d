/// Watches long work from Python: reports progress, and stops it at Ctrl-C.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/job_hooks.h"
#include "bindings.h"

namespace posse {

/// Looks for Ctrl-C and tells Python of progress, at most ten times a second. What Python raises
/// there stops the run and is raised when the library has come to rest: nothing of Python travels
/// through the library's threads.
class PythonListener {
 public:
  explicit PythonListener(py::object progress) : progress_(std::move(progress)) {}

  StopFlag& stop() { return stop_; }

  /// Called without the GIL, on the thread that started the run.
  void report(int64_t done, std::optional<int64_t> total, bool always = false) {
    const auto now = std::chrono::steady_clock::now();
    if (!always && now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    guarded([&] {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (!progress_.is_none()) progress_(done, total);
    });
  }

  /// Runs `call` with the GIL held.
  template <class Call>
  void guarded(const Call& call) {
    if (raised_) return;
    const py::gil_scoped_acquire python;
    try {
      call();
    } catch (py::error_already_set& error) {
      raised_ = std::current_exception();
      stop_.request();
    }
  }

  /// To be called with the GIL held, after the run.
  void raise_if_raised() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  py::object progress_;
  StopFlag stop_;
  std::chrono::steady_clock::time_point last_{};
  std::exception_ptr raised_;
};

/// Runs work(hooks) without the GIL and gives what it gives; raises what Python raised meanwhile.
template <class Work>
auto run_watched(const py::object& progress, const Work& work) {
  PythonListener listener(progress);
  const JobHooks hooks{
      .progress = [&](const Progress& p) { listener.report(p.done, p.total, p.done == p.total); },
      .note = {},
      .warning = {},
      .stop = &listener.stop()};
  std::optional<decltype(work(hooks))> outcome;
  {
    const py::gil_scoped_release other_threads_run;
    try {
      outcome = work(hooks);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) throw;  // what Python raised comes below
    }
  }
  listener.raise_if_raised();
  POSSE_ASSERT(outcome);  // only Python asks for a stop
  return *std::move(outcome);
}

}  // namespace posse
