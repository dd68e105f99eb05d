#include "run/replay.h"

#include <algorithm>
#include <new>

#include "base/clock.h"

namespace posse {
namespace {

/// The outputs of a replay, those that failed apart.
class OutputSet {
 public:
  OutputSet(std::span<const std::unique_ptr<RunOutput>> outputs, std::vector<FailedOutput>& failed)
      : failed_(failed) {
    for (const auto& output : outputs) working_.push_back(output.get());
  }

  /// Calls act(output) for each that works and satisfies `which`; one that throws works no more.
  template <class Which, class Act>
  void each(const Which& which, const Act& act) {
    std::erase_if(working_, [&](RunOutput* output) {
      return which(*output) && !succeeds(*output, [&] { act(*output); });
    });
  }

  void fail(bool shows_consensus, const Error& error) {
    std::erase_if(working_, [&](const RunOutput* output) {
      if (output->shows_consensus() != shows_consensus) return false;
      failed_.push_back({output->name(), error});
      return true;
    });
  }

  bool empty() const { return working_.empty(); }

 private:
  template <class Act>
  bool succeeds(const RunOutput& output, const Act& act) {
    try {
      act();
      return true;
    } catch (const Error& error) {
      failed_.push_back({output.name(), error});
    } catch (const std::bad_alloc&) {
      failed_.push_back({output.name(), Error(ErrorKind::io, "out of memory")});
    }
    return false;
  }

  std::vector<RunOutput*> working_;
  std::vector<FailedOutput>& failed_;
};

class Replay {
 public:
  Replay(StageChain& stages, std::span<const std::unique_ptr<RunOutput>> outputs,
         const ReplayContext& context)
      : stages_(stages), context_(context), outputs_(outputs, report_.failed) {}

  ReplayReport run(const OpenFrames& frames) {
    if (stages_.wants_look()) {
      read(frames(),
           [&](const FrameResult& result) { through_stages([&] { stages_.look_at(result); }); });
    }
    read(frames(), [&](FrameResult& result) {
      take(std::move(result));
      ++report_.num_frames;
      report_progress();
    });
    if (report_.stopped) return std::move(report_);
    through_stages([&] { stages_.finish(deliver_); });
    // A stage that holds frames back delivers them only here.
    if (is_stopped()) {
      report_.stopped = true;
      return std::move(report_);
    }
    outputs_.each([](const RunOutput&) { return true; },
                  [&](RunOutput& output) { finish(output); });
    return std::move(report_);
  }

 private:
  bool is_stopped() const { return context_.stop != nullptr && context_.stop->requested(); }

  /// Calls act(frame) for all frames, unless the caller stops.
  template <class Act>
  void read(const FrameSource& source, const Act& act) {
    for (FrameResult result; !report_.stopped && source(result); result = FrameResult()) {
      if (is_stopped()) {
        report_.stopped = true;
      } else {
        act(result);
      }
    }
  }

  void take(FrameResult&& result) {
    outputs_.each([](const RunOutput& output) { return !output.shows_consensus(); },
                  [&](RunOutput& output) { output.append(result); });
    through_stages([&] { stages_.push(std::move(result), deliver_); });
  }

  void deliver(FrameResult&& result) {
    if (is_stopped()) return;
    outputs_.each([](const RunOutput& output) { return output.shows_consensus(); },
                  [&](RunOutput& output) { output.append(result); });
    if (context_.on_frame) context_.on_frame(result);
  }

  void finish(RunOutput& output) {
    output.finish();
    for (std::string& warning : output.warnings()) report_.warnings.push_back(std::move(warning));
  }

  /// A failing stage fails what waits for it.
  template <class Act>
  void through_stages(const Act& act) {
    if (stages_failed_) return;
    try {
      act();
    } catch (const Error& error) {
      stages_failed_ = true;
      outputs_.fail(/*shows_consensus=*/true, error);
    }
  }

  void report_progress() const {
    if (!context_.progress) return;
    context_.progress({.stage = "results",
                       .item = context_.item,
                       .done = report_.num_frames,
                       .total = context_.total,
                       .elapsed_seconds = seconds_now() - start_});
  }

  StageChain& stages_;
  const ReplayContext& context_;
  ReplayReport report_;
  OutputSet outputs_;
  const DeliverFrame deliver_ = [this](FrameResult&& result) { deliver(std::move(result)); };
  bool stages_failed_ = false;
  double start_ = seconds_now();
};

}  // namespace

OpenFrames frames_of(const std::filesystem::path& path, const JournalKey& key) {
  return [path, key] {
    return [journal = std::make_shared<JournalReader>(path, key)](FrameResult& result) {
      return journal->read(result);
    };
  };
}

ReplayReport replay(const OpenFrames& frames, StageChain& stages,
                    std::span<const std::unique_ptr<RunOutput>> outputs,
                    const ReplayContext& context) {
  return Replay(stages, outputs, context).run(frames);
}

}  // namespace posse
