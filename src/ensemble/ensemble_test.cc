#include "ensemble/ensemble.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <utility>

#include "network/backends/cpu/cpu_backend.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {

/// What a late backend was asked for, over all its calls.
struct Calls {
  std::mutex mutex;
  std::set<int64_t> batch_sizes;
  std::set<const Workspace*> workspaces;
  std::atomic<int> num_delivered{0};
};

/// Maps that exist already, handed over when somebody asks.
class LateMaps : public PendingMaps {
 public:
  LateMaps(NetworkOutput maps, Calls& calls) : maps_(std::move(maps)), calls_(calls) {}
  void deliver(NetworkOutput& output) override {
    output.scoremap_logits = std::move(maps_.scoremap_logits);
    output.locref = std::move(maps_.locref);
    ++calls_.num_delivered;
  }

 private:
  NetworkOutput maps_;
  Calls& calls_;
};

class LateExecutor : public EnsembleExecutor {
 public:
  LateExecutor(std::unique_ptr<EnsembleExecutor> inner, Calls& calls)
      : inner_(std::move(inner)), calls_(calls) {}
  int num_members() const override { return inner_->num_members(); }
  int num_prefixes() const override { return inner_->num_prefixes(); }
  int prefix_of(int member) const override { return inner_->prefix_of(member); }
  std::unique_ptr<Workspace> make_workspace() const override { return inner_->make_workspace(); }
  std::unique_ptr<PrefixActivations> make_prefix_activations(int prefix) const override {
    return inner_->make_prefix_activations(prefix);
  }
  void run_prefix(int prefix, const FrameBatch& batch, Workspace& workspace,
                  PrefixActivations& activations) const override {
    inner_->run_prefix(prefix, batch, workspace, activations);
  }
  void run(int member, const FrameBatch& batch, const PrefixActivations* activations,
           bool want_locref, Workspace& workspace, NetworkOutput& output) const override {
    NetworkOutput maps;
    inner_->run(member, batch, activations, want_locref, workspace, maps);
    output = {};
    output.pending = std::make_unique<LateMaps>(std::move(maps), calls_);
    const std::lock_guard lock(calls_.mutex);
    calls_.batch_sizes.insert(batch.size());
    calls_.workspaces.insert(&workspace);
  }
  int64_t weight_bytes() const override { return inner_->weight_bytes(); }

 private:
  std::unique_ptr<EnsembleExecutor> inner_;
  Calls& calls_;
};

/// The CPU's numbers as a device would give them: one worker, batches of three, maps later.
class LateBackend : public Backend {
 public:
  std::string_view name() const override { return "late"; }
  std::optional<std::string> why_unavailable() const override { return std::nullopt; }
  ExecutionPlan plan(const PlanRequest& request) const override {
    return {.num_workers = 1,
            .batch_size = request.batch_size > 0 ? request.batch_size : 3,
            .threads_per_operator = request.num_threads,
            .compile_threads = 1};
  }
  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& options) const override {
    return cpu_backend().compile(graph, weights, options);
  }
  std::unique_ptr<EnsembleExecutor> compile_ensemble(std::span<const EnsembleMember> members,
                                                     const BackendOptions& options) const override {
    threads_per_operator = options.threads_per_operator;
    return std::make_unique<LateExecutor>(cpu_backend().compile_ensemble(members, options), calls);
  }

  mutable Calls calls;
  mutable int threads_per_operator = 0;
};

std::vector<Image> pictures(size_t count) {
  std::vector<Image> all(count, Image(96, 80));
  uint32_t state = 1;
  for (Image& picture : all) {
    for (uint8_t& byte : picture.rgb) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<uint8_t>(state >> 24);
    }
  }
  return all;
}

TEST(Ensemble, RunsAsTheBackendPlansAndWaitsForItsMaps) {
  const std::vector demo{testing::source_folder() / "data" / "demo"};
  const EnsembleOptions options{.backend = "cpu", .threads = 2, .tune = false};
  const std::vector<Image> images = pictures(7);
  const auto late_backend = std::make_shared<LateBackend>();
  const LateBackend& backend = *late_backend;
  Ensemble late = Ensemble::open(demo, options, late_backend);
  const std::vector<FrameResult> found = late.predict(images);
  EXPECT_EQ(late.batch_size({80, 96}), 3);
  EXPECT_EQ(backend.calls.batch_sizes, (std::set<int64_t>{1, 3}));  // 3 + 3 + 1
  EXPECT_EQ(backend.calls.workspaces.size(), 1U);
  EXPECT_EQ(backend.calls.num_delivered, 3 * static_cast<int>(late.members().size()));
  EXPECT_EQ(backend.threads_per_operator, 2);
  // Neither batches nor threads change a number, so the maps that came late are the right ones.
  const std::vector<FrameResult> expected = Ensemble::open(demo, options).predict(images);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t frame = 0; frame < found.size(); ++frame) {
    for (size_t part = 0; part < found[frame].consensus.size(); ++part) {
      EXPECT_EQ(found[frame].consensus[part].keypoint.x,
                expected[frame].consensus[part].keypoint.x);
      EXPECT_EQ(found[frame].consensus[part].keypoint.likelihood,
                expected[frame].consensus[part].keypoint.likelihood);
    }
  }
}

/// Everything that a run says of frames, as bytes.
std::vector<double> numbers_of(const std::vector<FrameResult>& results) {
  std::vector<double> numbers;
  for (const FrameResult& result : results) {
    for (const ConsensusKeypoint& part : result.consensus)
      for (const double number : {part.keypoint.x, part.keypoint.y, part.keypoint.likelihood})
        numbers.push_back(number);
    for (const Keypoint& keypoint : result.members)
      for (const double number : {keypoint.x, keypoint.y, keypoint.likelihood})
        numbers.push_back(number);
    for (const uint8_t byte : result.evidence) numbers.push_back(byte);
  }
  return numbers;
}

std::vector<FrameResult> run_at_once(int members_at_once, ConsensusMethod method, int batch,
                                     int& num_waits) {
  const std::vector demo{testing::source_folder() / "data" / "demo"};
  Ensemble ensemble = Ensemble::open(demo, {.backend = "cpu",
                                            .threads = 2,
                                            .batch = batch,
                                            .members_at_once = members_at_once,
                                            .tune = false});
  const std::vector<Image> images = pictures(7);
  std::vector<FrameResult> results;
  size_t next = 0;
  ensemble.run({.source =
                    [&](VideoFrame& frame) {
                      if (next == images.size()) return false;
                      frame.frame_index = static_cast<int64_t>(10 * next);
                      frame.image = images[next++];
                      return true;
                    },
                .consensus = method,
                .keep_evidence = true,
                .sink =
                    [&](FrameBundle& bundle) {
                      for (FrameResult& result : bundle.results)
                        results.push_back(std::move(result));
                    },
                .still_at_work = [&] { num_waits += 1; }});
  return results;
}

TEST(Ensemble, GivesTheSameBytesHoweverManyMembersAreInMemory) {
  for (const ConsensusMethod method : {ConsensusMethod::mean, ConsensusMethod::median}) {
    int num_waits = 0;
    const std::vector<double> together = numbers_of(run_at_once(0, method, 3, num_waits));
    EXPECT_EQ(num_waits, 0);
    ASSERT_FALSE(together.empty());
    for (const int at_once : {1, 2, 4}) {
      num_waits = 0;
      const std::vector<FrameResult> found = run_at_once(at_once, method, 3, num_waits);
      EXPECT_EQ(numbers_of(found), together);
      EXPECT_EQ(found.back().frame_index, 60);
      // Three bundles of each part but the last one.
      EXPECT_EQ(num_waits, 3 * ((5 + at_once - 1) / at_once - 1));
    }
  }
}

TEST(Ensemble, SaysOfAFrameAloneWhatItSaysOfItAmongOthers) {
  const std::vector demo{testing::source_folder() / "data" / "demo"};
  const std::vector<Image> images = pictures(3);
  for (const int threads : {1, 2}) {
    Ensemble ensemble = Ensemble::open(demo, {.backend = "cpu", .threads = threads, .tune = false});
    const std::vector<FrameResult> together = ensemble.predict(images);
    for (size_t i = 0; i < images.size(); ++i) {
      const FrameResult alone =
          ensemble.run_frame({.frame_index = 40, .image = images[i]}, {.keep_evidence = true});
      EXPECT_EQ(alone.frame_index, 40);
      EXPECT_FALSE(alone.evidence.empty());
      ASSERT_EQ(alone.members.size(), together[i].members.size());
      for (size_t k = 0; k < alone.members.size(); ++k)
        EXPECT_EQ(alone.members[k].x, together[i].members[k].x);
      for (size_t part = 0; part < alone.consensus.size(); ++part)
        EXPECT_EQ(alone.consensus[part].keypoint.x, together[i].consensus[part].keypoint.x);
    }
    EXPECT_NO_THROW(ensemble.run_frame({.image = Image(64, 48)}, {}));  // of another size
  }
}

TEST(Ensemble, AsksTheBackendForTheUsersBatch) {
  const std::vector demo{testing::source_folder() / "data" / "demo"};
  const Ensemble late = Ensemble::open(demo, {.batch = 5}, std::make_shared<const LateBackend>());
  EXPECT_EQ(late.batch_size({80, 96}), 5);
}

TEST(EnsembleBodyparts, GetTheNamesOfTheBodypartMap) {
  const std::vector<std::filesystem::path> paths = {testing::source_folder() /
                                                    "data/demo/member-1"};
  const Ensemble renamed = Ensemble::open(paths, {.bodypart_map = "snout=nose"});
  EXPECT_EQ(renamed.bodyparts().front(), "nose");
  EXPECT_EQ(renamed.bodyparts().size(), 4U);
  const Error error =
      testing::error_of([&] { Ensemble::open(paths, {.bodypart_map = "snuot=nose"}); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.notes().have, "snout");
}

}  // namespace
}  // namespace posse
