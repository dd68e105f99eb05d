#include "run/compute_frames.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/version.h"
#include "simd/instruction_set.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

/// Frames of the range that come after `last`; all of them without one.
FrameRange remaining(FrameRange range, std::optional<int64_t> last) {
  if (last) range.start = std::max(range.start, *last + range.step);
  if (range.stop) range.stop = std::max(*range.stop, range.start);
  return range;
}

/// Number of the frame from which a run over batches goes on, whose journal holds the first
/// `num_done` frames: the first of the batch before the one that is not done, which completes that
/// one if it is the last. Counted among the frames of the range.
int64_t first_of_batches(int64_t num_done, int64_t batch) {
  return std::max<int64_t>(num_done / batch - 1, 0) * batch;
}

/// frame_index of the journal's record `number`.
int64_t frame_index_at(const fs::path& path, const JournalKey& key, int64_t number) {
  JournalReader journal(path, key);
  FrameResult result;
  for (int64_t i = 0; i <= number; ++i) POSSE_ASSERT(journal.read(result));
  return result.frame_index;
}

/// Says to others who look at the journal's time that somebody is at work on it.
void touch(const fs::path& file) { ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0); }

class FrameComputation {
 public:
  FrameComputation(Ensemble& ensemble, const RunPlan& plan, const FrameWork& work, FrameFeed& feed,
                   const ComputeContext& context)
      : ensemble_(ensemble), plan_(plan), work_(work), feed_(feed), context_(context) {}

  /// @param earlier  frames in the journal before an attempt that failed
  ComputedFrames run(std::optional<int64_t>& earlier) {
    JournalWriter journal(work_.journal, work_.key);
    if (!earlier) earlier = journal.num_resumed();
    const std::optional<int64_t> last = journal.last_frame_index();
    const FrameRange to_run = range_to_run(journal);
    // What a stopped pass had said of the video is not in the journal: from the start, of the video
    // or of its piece, it is all said again.
    feed_.go_to(work_.is_part ? work_.frames : to_run,
                {.allow_seek = journal.num_resumed() == 0 || work_.is_part,
                 .has_before = work_.has_before,
                 .read_from = work_.read_from,
                 .has_more = work_.has_more});
    const double started = unix_seconds_now();
    ComputedFrames computed{.num_frames = journal.num_resumed(), .num_resumed = *earlier};
    report_progress(computed);
    computed.timings = ensemble_.run({
        .source = [&](VideoFrame& frame) { return read_from(to_run.start, frame); },
        .consensus = map_method(plan_.consensus.method),
        .keep_evidence = work_.key.evidence,
        .whole_pictures = plan_.whole_pictures,
        .boxes = plan_.boxes ? &*plan_.boxes : nullptr,
        .sink =
            [&](FrameBundle& bundle) {
              for (const FrameResult& result : bundle.results) {
                if (last && result.frame_index <= *last) continue;
                journal.append(result);
                ++computed.num_frames;
              }
              journal.flush();
              if (context_.on_batch) context_.on_batch(journal);
              report_progress(computed);
            },
        .still_at_work = [&] { touch(work_.journal); },
        .stop = context_.stop,
    });
    if (context_.stop != nullptr && context_.stop->requested()) return computed;
    computed.facts = facts_of(computed, started);
    journal.finish(*computed.facts);
    return computed;
  }

 private:
  /// The feed's next frame that is not before `start`.
  bool read_from(int64_t start, VideoFrame& frame) const {
    while (feed_.read(frame)) {
      if (frame.frame_index >= start) return true;
      if (context_.stop != nullptr && context_.stop->requested()) return false;
    }
    return false;
  }

  /// What is not in the journal; where networks look at whole batches, from the batch before it on.
  FrameRange range_to_run(const JournalWriter& journal) const {
    FrameRange range = remaining(work_.frames, journal.last_frame_index());
    const int batch = ensemble_.batch_norm_frames();
    if (batch == 1 || journal.num_resumed() == 0) return range;
    const int64_t number = first_of_batches(journal.num_resumed(), batch);
    range.start = frame_index_at(work_.journal, work_.key, number);
    return range;
  }

  JournalFacts facts_of(const ComputedFrames& computed, double started) const {
    return {.report = feed_.report(),
            .timings = computed.timings,
            .load_seconds = context_.load_seconds,
            .num_resumed = computed.num_resumed,
            .started_seconds = started,
            .finished_seconds = unix_seconds_now(),
            .batch_size = ensemble_.batch_size({feed_.info().height, feed_.info().width}),
            .num_threads = ensemble_.num_threads(),
            .num_shared_prefixes = ensemble_.num_shared_prefixes(),
            .weight_bytes = ensemble_.weight_bytes(),
            .workspace_bytes = ensemble_.workspace_bytes(),
            .peak_bytes = peak_resident_bytes(),
            .engine = version(),
            .kernels = title_of(available_instruction_sets().front()),
            .machine = host_name(),
            .execution = ensemble_.execution_facts()};
  }

  void report_progress(const ComputedFrames& computed) const {
    if (!context_.progress) return;
    context_.progress({.stage = "networks",
                       .item = feed_.info().path.filename().string(),
                       .done = computed.num_frames,
                       .total = expected_frames(feed_.info(), work_.frames),
                       .taken_over = computed.num_resumed,
                       .elapsed_seconds = seconds_now() - start_});
  }

  Ensemble& ensemble_;
  const RunPlan& plan_;
  const FrameWork& work_;
  FrameFeed& feed_;
  const ComputeContext& context_;
  double start_ = seconds_now();
};

}  // namespace

ComputedFrames compute_frames(Ensemble& ensemble, const RunPlan& plan, const FrameWork& work,
                              FrameFeed& feed, const ComputeContext& context) {
  FrameComputation computation(ensemble, plan, work, feed, context);
  for (std::optional<int64_t> earlier;;) {
    try {
      return computation.run(earlier);
    } catch (const Error& error) {  // goes on from the journal
      if (error.kind() != ErrorKind::device_memory || !ensemble.run_fewer_members()) throw;
    }
  }
}

}  // namespace posse
