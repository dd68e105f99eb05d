#include "run/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace posse {
namespace {

/// Frames 0 to count - 1, one bodypart whose x is the frame's number.
OpenFrames frames(int64_t count) {
  return [count] {
    return [count, next = int64_t{0}](FrameResult& result) mutable {
      if (next == count) return false;
      result.frame_index = next;
      result.consensus.assign(1, {});
      result.consensus[0].keypoint = {static_cast<double>(next), 0, 1};
      result.members.assign(2, {static_cast<double>(-next), 0, 1});
      ++next;
      return true;
    };
  };
}

/// Keeps what it is given; fails at one frame, if asked to.
class Keeper : public RunOutput {
 public:
  explicit Keeper(std::string name, bool shows_consensus = true, int64_t fails_at = -1)
      : name_(std::move(name)), shows_consensus_(shows_consensus), fails_at_(fails_at) {}
  std::string name() const override { return name_; }
  std::vector<std::filesystem::path> files() const override { return {}; }
  double bytes_per_frame() const override { return 0; }
  bool shows_consensus() const override { return shows_consensus_; }
  void append(const FrameResult& result) override {
    if (result.frame_index == fails_at_) throw Error(ErrorKind::io, "the disk is full");
    frame_index.push_back(result.frame_index);
    x.push_back(result.consensus[0].keypoint.x);
  }
  void finish() override { finished = true; }

  std::vector<int64_t> frame_index;
  std::vector<double> x;
  bool finished = false;

 private:
  std::string name_;
  bool shows_consensus_;
  int64_t fails_at_;
};

/// Replaces the consensus by its mean over a window of three frames: delivers one frame late.
class MeanOfThree : public Stage {
 public:
  std::string description() const override { return "mean-of-three"; }
  void push(FrameResult&& frame, const DeliverFrame& deliver) override {
    held_.push_back(std::move(frame));
    if (held_.size() >= 2) deliver(smoothed(held_.size() - 2));
    if (held_.size() == 3) held_.pop_front();
  }
  void finish(const DeliverFrame& deliver) override {
    if (!held_.empty()) deliver(smoothed(held_.size() - 1));
  }

 private:
  FrameResult smoothed(size_t at) const {
    FrameResult result{.frame_index = held_[at].frame_index,
                       .consensus = held_[at].consensus,
                       .members = held_[at].members};
    double sum = 0;
    for (const FrameResult& frame : held_) sum += frame.consensus[0].keypoint.x;
    result.consensus[0].keypoint.x = sum / static_cast<double>(held_.size());
    return result;
  }
  std::deque<FrameResult> held_;
};

/// Holds everything to the end and turns x around.
class WholeVideo : public Stage {
 public:
  std::string description() const override { return "whole-video"; }
  void push(FrameResult&& frame, const DeliverFrame&) override {
    held_.push_back(std::move(frame));
  }
  void finish(const DeliverFrame& deliver) override {
    const double last = held_.empty() ? 0 : held_.back().consensus[0].keypoint.x;
    for (FrameResult& frame : held_) {
      frame.consensus[0].keypoint.x = last - frame.consensus[0].keypoint.x;
      deliver(std::move(frame));
    }
  }

 private:
  std::vector<FrameResult> held_;
};

class FailingStage : public Stage {
 public:
  std::string description() const override { return "failing"; }
  void push(FrameResult&& frame, const DeliverFrame& deliver) override {
    if (frame.frame_index == 2) throw Error(ErrorKind::invalid_value, "singular");
    deliver(std::move(frame));
  }
  void finish(const DeliverFrame&) override {}
};

/// Sets x to the largest of the whole video, which it sees by looking first; fails while it looks
/// at one frame, if asked to.
class Largest : public Stage {
 public:
  explicit Largest(int64_t fails_at = -1) : fails_at_(fails_at) {}
  std::string description() const override { return "largest"; }
  bool wants_look() const override { return true; }
  void look_at(const FrameResult& frame) override {
    if (frame.frame_index == fails_at_) throw Error(ErrorKind::invalid_value, "cannot look");
    largest_ = std::max(largest_, frame.consensus[0].keypoint.x);
  }
  void push(FrameResult&& frame, const DeliverFrame& deliver) override {
    frame.consensus[0].keypoint.x = largest_;
    deliver(std::move(frame));
  }
  void finish(const DeliverFrame&) override {}

 private:
  int64_t fails_at_;
  double largest_ = 0;
};

using Outputs = std::vector<std::unique_ptr<RunOutput>>;

Keeper& add(Outputs& outputs, std::unique_ptr<Keeper> keeper) {
  Keeper& kept = *keeper;
  outputs.push_back(std::move(keeper));
  return kept;
}

template <class... Each>
StageChain chain() {
  std::vector<std::unique_ptr<Stage>> stages;
  (stages.push_back(std::make_unique<Each>()), ...);
  return StageChain(std::move(stages));
}

const std::vector<int64_t> kFive = {0, 1, 2, 3, 4};

TEST(Replay, GivesEveryFrameToEveryOutput) {
  Outputs outputs;
  Keeper& a = add(outputs, std::make_unique<Keeper>("a"));
  Keeper& b = add(outputs, std::make_unique<Keeper>("b", false));
  StageChain none = chain();
  EXPECT_EQ(replay(frames(5), none, outputs).num_frames, 5);
  EXPECT_EQ(a.frame_index, kFive);
  EXPECT_EQ(b.frame_index, kFive);
  EXPECT_TRUE(a.finished && b.finished);
}

TEST(Replay, OfNoFrameFinishesTheOutputs) {
  Outputs outputs;
  Keeper& a = add(outputs, std::make_unique<Keeper>("a"));
  StageChain stages = chain<MeanOfThree, WholeVideo>();
  EXPECT_EQ(replay(frames(0), stages, outputs).num_frames, 0);
  EXPECT_TRUE(a.finished);
  EXPECT_TRUE(a.x.empty());
}

TEST(Replay, StagesDeliverLateAndInOrderAndMembersAreNotTheirs) {
  Outputs outputs;
  Keeper& consensus = add(outputs, std::make_unique<Keeper>("consensus"));
  Keeper& members = add(outputs, std::make_unique<Keeper>("members", false));
  StageChain stages = chain<MeanOfThree, WholeVideo>();
  EXPECT_EQ(stages.description(), "mean-of-three, whole-video");
  replay(frames(5), stages, outputs);
  EXPECT_EQ(consensus.frame_index, kFive);
  // Means of 0..4 in windows of three are 0.5 1 2 3 3.5; turned around from the last.
  EXPECT_EQ(consensus.x, (std::vector<double>{3, 2.5, 1.5, 0.5, 0}));
  EXPECT_EQ(members.x, (std::vector<double>{0, 1, 2, 3, 4}));
}

TEST(Replay, AFailingOutputLeavesTheOthersAlone) {
  Outputs outputs;
  Keeper& broken = add(outputs, std::make_unique<Keeper>("broken", true, 3));
  Keeper& sound = add(outputs, std::make_unique<Keeper>("sound"));
  StageChain none = chain();
  const ReplayReport report = replay(frames(5), none, outputs);
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_EQ(report.failed[0].name, "broken");
  EXPECT_FALSE(broken.finished);
  EXPECT_EQ(broken.frame_index.size(), 3U);
  EXPECT_TRUE(sound.finished);
  EXPECT_EQ(sound.frame_index, kFive);
}

TEST(Replay, AFailingStageFailsWhatShowsTheConsensus) {
  Outputs outputs;
  Keeper& consensus = add(outputs, std::make_unique<Keeper>("consensus"));
  Keeper& members = add(outputs, std::make_unique<Keeper>("members", false));
  StageChain stages = chain<FailingStage>();
  const ReplayReport report = replay(frames(5), stages, outputs);
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_EQ(report.failed[0].name, "consensus");
  EXPECT_FALSE(consensus.finished);
  EXPECT_TRUE(members.finished);
  EXPECT_EQ(members.frame_index, kFive);
}

TEST(Replay, AStageThatWantsToLookSeesTheWholeVideoFirst) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<Largest>());
  StageChain chain(std::move(stages));
  Outputs outputs;
  const Keeper& table = add(outputs, std::make_unique<Keeper>("table"));
  EXPECT_EQ(replay(frames(5), chain, outputs).num_frames, 5);
  EXPECT_EQ(table.frame_index, kFive);
  EXPECT_EQ(table.x, (std::vector<double>{4, 4, 4, 4, 4}));
}

TEST(Replay, AStageThatFailsWhileLookingCostsOnlyWhatShowsTheConsensus) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<Largest>(3));
  StageChain chain(std::move(stages));
  Outputs outputs;
  add(outputs, std::make_unique<Keeper>("table"));
  const Keeper& members = add(outputs, std::make_unique<Keeper>("members", false));
  const ReplayReport report = replay(frames(5), chain, outputs);
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_EQ(report.failed[0].name, "table");
  EXPECT_EQ(report.failed[0].error.message(), "cannot look");
  EXPECT_EQ(members.frame_index, kFive);
  EXPECT_TRUE(members.finished);
}

TEST(Replay, StoppedFinishesNothing) {
  Outputs outputs;
  Keeper& a = add(outputs, std::make_unique<Keeper>("a"));
  StageChain none = chain();
  StopFlag stop;
  stop.request();
  EXPECT_TRUE(replay(frames(5), none, outputs, {.stop = &stop}).stopped);
  EXPECT_FALSE(a.finished);
}

}  // namespace
}  // namespace posse
