/// The ensemble of the C interface: opening, single frames, videos.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "ensemble/ensemble.h"
#include "library/border.h"
#include "library/frame_arrays.h"
#include "library/live_frames.h"
#include "library/option_text.h"
#include "library/picture.h"
#include "run/run_video.h"

struct posse_ensemble {
  explicit posse_ensemble(posse::Ensemble opened) : ensemble(std::move(opened)) {}

  posse::Ensemble ensemble;
  std::unique_ptr<posse::LiveFrames> live;
  posse::FrameArrays frame;
  std::string warnings;
  std::string folder, files, run_warnings;  ///< of the last run
};

namespace posse {
namespace {
namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::string warnings_of_members(const Ensemble& ensemble) {
  std::vector<std::string> warnings = ensemble.warnings();
  for (const MemberNetwork& member : ensemble.members()) {
    for (const std::string& warning : member.warnings)
      warnings.push_back(member.name + ": " + warning);
  }
  return joined(warnings);
}

std::unique_ptr<posse_ensemble> open(const char* members, const char* options) {
  std::vector<fs::path> paths;
  for (const std::string& path : lines_of(members)) paths.emplace_back(path);
  if (paths.empty()) throw Error(ErrorKind::usage, "no member is named");
  EnsembleOptions of_ensemble;
  LiveOptions of_frames;
  const OptionText reader(options);
  describe(of_ensemble, reader);
  describe(of_frames, reader);
  reader.finish();
  auto handle = std::make_unique<posse_ensemble>(Ensemble::open(paths, of_ensemble));
  handle->live = std::make_unique<LiveFrames>(handle->ensemble, of_frames);
  handle->warnings = warnings_of_members(handle->ensemble);
  return handle;
}

void run(posse_ensemble& handle, const char* video, const char* out, const char* options,
         posse_frame_callback callback, void* user, posse_run_result* result) {
  if (result != nullptr) read_struct(result, "result");  // refused before the run
  const auto run_options = options_of<RunOptions>(options);
  StopFlag stop;
  RunContext context{.stop = &stop};
  if (callback != nullptr) {
    context.on_frame = [&](const FrameResult& frame) {
      const posse_frame arrays = handle.frame.fill(frame);
      if (!stop.requested() && callback(&arrays, user) != 0) stop.request();
    };
  }
  const RunOutcome outcome = run_video(handle.ensemble, video, out, run_options, context);
  if (outcome.status == RunStatus::interrupted) {
    throw Error(ErrorKind::interrupted,
                fmt::format("{}: stopped after {} frames; the same call goes on from there", video,
                            outcome.num_frames));
  }
  std::vector<std::string> files, warnings = outcome.warnings;
  for (const fs::path& file : outcome.files) files.push_back(file.string());
  for (const FailedOutput& failed : outcome.failed)
    warnings.push_back(fmt::format("{} failed: {}", failed.name, failed.error.message()));
  handle.folder = outcome.paths.folder.string();
  handle.files = joined(files);
  handle.run_warnings = joined(warnings);
  if (result == nullptr) return;
  write_struct({.struct_size = 0,
                .skipped = outcome.status == RunStatus::skipped ? 1 : 0,
                .num_frames = outcome.num_frames,
                .folder = handle.folder.c_str(),
                .files = handle.files.c_str(),
                .warnings = handle.run_warnings.c_str()},
               result);
}

}  // namespace
}  // namespace posse

extern "C" {

posse_status posse_open(const char* members, const char* options, posse_ensemble** ensemble) {
  return posse::guarded([&] {
    posse::require(ensemble, "ensemble");
    *ensemble = posse::open(members, options).release();
  });
}

void posse_close(posse_ensemble* ensemble) { delete ensemble; }

size_t posse_num_members(const posse_ensemble* ensemble) {
  return ensemble == nullptr ? 0 : ensemble->ensemble.members().size();
}

size_t posse_num_bodyparts(const posse_ensemble* ensemble) {
  return ensemble == nullptr ? 0 : ensemble->ensemble.bodyparts().size();
}

const char* posse_member(const posse_ensemble* ensemble, size_t number) {
  if (number >= posse_num_members(ensemble)) return nullptr;
  return ensemble->ensemble.members()[number].name.c_str();
}

const char* posse_bodypart(const posse_ensemble* ensemble, size_t number) {
  if (number >= posse_num_bodyparts(ensemble)) return nullptr;
  return ensemble->ensemble.bodyparts()[number].c_str();
}

const char* posse_warnings(const posse_ensemble* ensemble) {
  return ensemble == nullptr ? "" : ensemble->warnings.c_str();
}

posse_status posse_predict(posse_ensemble* ensemble, const posse_image* image, posse_frame* frame) {
  return posse::guarded([&] {
    posse::require(ensemble, "ensemble");
    const posse_image picture = posse::read_struct(image, "image");
    posse::read_struct(frame, "frame");
    const posse::FrameResult result =
        ensemble->live->push(posse::image_of(picture), picture.time_seconds);
    posse::write_struct(ensemble->frame.fill(result), frame);
  });
}

posse_status posse_reset(posse_ensemble* ensemble) {
  return posse::guarded([&] {
    posse::require(ensemble, "ensemble");
    ensemble->live->reset();
  });
}

posse_status posse_run(posse_ensemble* ensemble, const char* video, const char* out,
                       const char* options, posse_frame_callback callback, void* user,
                       posse_run_result* result) {
  return posse::guarded([&] {
    posse::require(ensemble, "ensemble");
    posse::require(video, "video");
    posse::require(out, "out");
    posse::run(*ensemble, video, out, options, callback, user, result);
  });
}

}  // extern "C"
