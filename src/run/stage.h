/// The interface of the stages between journal and outputs, which see frames in order and may
/// change them.
///
/// To add a stage:
///  1. derive from Stage in a file of its own in src/run/stages, named in src/run/CMakeLists.txt:
///     push() takes the frames in order and delivers them in order, each once, at once or later. A
///     stage with a fixed lag holds that many; one that must know the whole video before it
///     delivers says so by wants_look() and is shown every frame by look_at() first; one that holds
///     all frames until finish() states the memory in docs/results.md;
///  2. make it in make_stages() of stage.cc, under the option that asks for it, with a description
///     that holds every setting that decides its numbers: results of another description are not
///     taken for those of this run;
///  3. say what was odd in warnings(), and what run.json should hold in report();
///  4. describe what it does in docs/math.md and test it with frames made by hand, as
///     replay_test.cc does with stages of its own: no network is needed.
/// Stages come after the journal, so a change of one costs no pass of the networks as long as the
/// journal is there (--keep-journal) and holds what the stage reads (the track needs evidence:
/// --keep-evidence). Results of other stages are replaced with --force alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ensemble/frame_result.h"
#include "run/run_setting.h"

namespace posse {

using DeliverFrame = std::function<void(FrameResult&&)>;

class Stage {
 public:
  Stage() = default;
  virtual ~Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Name and settings, as "track(lag=30)": for messages, run.json, and to tell results apart.
  virtual std::string description() const = 0;
  /// True if the stage must see the whole video before the first push(): look_at() is then called
  /// with every frame in order.
  virtual bool wants_look() const { return false; }
  virtual void look_at(const FrameResult&) {}
  /// Takes the next frame, and delivers none, one or more of those it has.
  virtual void push(FrameResult&& frame, const DeliverFrame& deliver) = 0;
  /// After the last frame: delivers what is left.
  virtual void finish(const DeliverFrame& deliver) = 0;
  /// After finish(): what was odd, and what was found and how it is taken, a sentence each.
  virtual std::vector<std::string> warnings() const { return {}; }
  virtual std::vector<std::string> notes() const { return {}; }
  /// After finish(): the stage's key in run.json, and its value as JSON; empty: none.
  virtual std::pair<std::string, std::string> report() const { return {}; }
};

/// Stages one after another. Without any, frames are delivered as they come.
class StageChain {
 public:
  explicit StageChain(std::vector<std::unique_ptr<Stage>> stages) : stages_(std::move(stages)) {}

  /// Descriptions of all stages, in order; empty without any.
  std::string description() const;
  void push(FrameResult&& frame, const DeliverFrame& deliver) {
    push_into(0, std::move(frame), deliver);
  }
  void finish(const DeliverFrame& deliver);

  bool wants_look() const;
  void look_at(const FrameResult& frame);
  std::vector<std::string> warnings() const;
  std::vector<std::string> notes() const;
  std::map<std::string, std::string> reports() const;

 private:
  void push_into(size_t stage, FrameResult&& frame, const DeliverFrame& deliver);

  std::vector<std::unique_ptr<Stage>> stages_;
};

/// The stages that the options of a run ask for.
StageChain make_stages(const RunSetting& setting);

}  // namespace posse
