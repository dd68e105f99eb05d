/// An ensemble of pose networks, which is opened once and predicts pictures and videos.
///
///     posse::Ensemble ensemble({"project-1", "project-2"}, {{"threads", "2"}});
///     const posse::Frame frame = ensemble.predict(posse::Picture::rgb(pixels, width, height));
///     ensemble.run("video.mp4", "results", {{"labeled-video", "on"}});
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "posse/error.h"
#include "posse/frame.h"
#include "posse/options.h"
#include "posse/posse.h"

namespace posse {
inline namespace v1 {

/// What a run over a video has left.
struct RunResult {
  bool skipped = false;  ///< the same results were there already
  std::int64_t num_frames = 0;
  std::string folder;
  std::vector<std::string> files;
  std::vector<std::string> warnings;
};

/// For one thread at a time. What fails is thrown as Error.
class Ensemble {
 public:
  /// @param members  projects, models or folders of them
  /// @param options  as posse_open()
  explicit Ensemble(const std::vector<std::string>& members, const Options& options = {}) {
    posse_ensemble* opened = nullptr;
    detail::check(
        posse_open(detail::text_of(members).c_str(), detail::text_of(options).c_str(), &opened));
    handle_.reset(opened);
  }

  std::vector<std::string> bodyparts() const {
    std::vector<std::string> names;
    for (std::size_t p = 0; p < posse_num_bodyparts(handle_.get()); ++p)
      names.emplace_back(posse_bodypart(handle_.get(), p));
    return names;
  }
  std::vector<std::string> members() const {
    std::vector<std::string> names;
    for (std::size_t m = 0; m < posse_num_members(handle_.get()); ++m)
      names.emplace_back(posse_member(handle_.get(), m));
    return names;
  }
  /// What was odd about the members, a sentence each.
  std::vector<std::string> warnings() const {
    return detail::lines_of(posse_warnings(handle_.get()));
  }

  /// As posse_predict().
  Frame predict(const Picture& picture) {
    posse_frame frame = {};
    frame.struct_size = sizeof frame;
    detail::check(posse_predict(handle_.get(), &picture, &frame));
    return Frame(frame);
  }
  /// Begins a new video for a causal track.
  void reset() { detail::check(posse_reset(handle_.get())); }

  /// As posse_run(). @param on_frame  told each frame in order; false stops the run (Error with
  /// POSSE_INTERRUPTED), and what it throws comes out of run().
  RunResult run(const std::string& video, const std::string& out, const Options& options = {},
                const std::function<bool(const Frame&)>& on_frame = nullptr) {
    Listener listener{on_frame, nullptr};
    posse_run_result result = {};
    result.struct_size = sizeof result;
    const posse_status status =
        posse_run(handle_.get(), video.c_str(), out.c_str(), detail::text_of(options).c_str(),
                  on_frame ? &Ensemble::told : nullptr, &listener, &result);
    if (listener.thrown) std::rethrow_exception(listener.thrown);
    detail::check(status);
    return {result.skipped != 0, result.num_frames, result.folder, detail::lines_of(result.files),
            detail::lines_of(result.warnings)};
  }

 private:
  struct Listener {
    const std::function<bool(const Frame&)>& on_frame;
    std::exception_ptr thrown;
  };
  /// No exception may cross the C interface.
  static int told(const posse_frame* frame, void* user) noexcept {
    auto& listener = *static_cast<Listener*>(user);
    try {
      return listener.on_frame(Frame(*frame)) ? 0 : 1;
    } catch (...) {
      listener.thrown = std::current_exception();
      return 1;
    }
  }
  struct Close {
    void operator()(posse_ensemble* handle) const { posse_close(handle); }
  };

  std::unique_ptr<posse_ensemble, Close> handle_;
};

}  // namespace v1
}  // namespace posse
