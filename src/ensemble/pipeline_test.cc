#include "ensemble/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "support/shared_data.h"

namespace posse {
namespace {

/// Frames 0, 1, ... num_frames - 1; every step sleeps a random moment, so that schedules differ
/// from run to run.
struct SyntheticWork {
  int64_t num_frames = 0;
  int64_t next = 0;
  std::atomic<int> computed{0};
  std::vector<int64_t> sunk;

  PipelineWork work() {
    return {
        .source =
            [this](VideoFrame& frame) {
              if (next == num_frames) return false;
              frame.frame_index = next++;
              return true;
            },
        .compute =
            [this](size_t group, FrameBundle& bundle, size_t) {
              std::this_thread::sleep_for(
                  std::chrono::microseconds((bundle.frames[0].frame_index * 37 + 11) % 200));
              bundle.outputs[group].scoremap_logits =
                  Tensor({static_cast<int64_t>(bundle.num_frames)});
              for (size_t i = 0; i < bundle.num_frames; ++i) {
                bundle.outputs[group].scoremap_logits.data()[i] = static_cast<float>(
                    bundle.frames[i].frame_index * 10 + static_cast<int64_t>(group));
              }
              ++computed;
            },
        .combine =
            [](FrameBundle& bundle, size_t) {
              bundle.results.clear();
              bundle.results.resize(bundle.num_frames);
              for (size_t i = 0; i < bundle.num_frames; ++i) {
                double sum = 0;
                for (const NetworkOutput& output : bundle.outputs)
                  sum += output.scoremap_logits.data()[i];
                bundle.results[i] = {.frame_index = bundle.frames[i].frame_index,
                                     .time_seconds = sum};
              }
            },
        .sink =
            [this](FrameBundle& bundle) {
              for (const FrameResult& result : bundle.results) {
                sunk.push_back(result.frame_index);
                EXPECT_EQ(result.time_seconds,
                          static_cast<double>(3 * 10 * result.frame_index + 0 + 1 + 2));
              }
            },
    };
  }
};

TEST(Pipeline, DeliversEveryFrameOnceInOrderForAnyNumberOfWorkersAndBatchSize) {
  for (const size_t workers : {1, 2, 5}) {
    for (const size_t batch : {1, 3, 8}) {
      SyntheticWork synthetic{.num_frames = 50};
      run_pipeline({.num_groups = 3, .num_members = 3, .num_workers = workers, .batch_size = batch},
                   synthetic.work());
      ASSERT_EQ(synthetic.sunk.size(), 50U);
      for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(synthetic.sunk[static_cast<size_t>(i)], i);
      EXPECT_EQ(synthetic.computed,
                3 * ((50 + static_cast<int>(batch) - 1) / static_cast<int>(batch)));
    }
  }
}

TEST(Pipeline, AnEmptyVideoSinksNothing) {
  SyntheticWork synthetic{.num_frames = 0};
  run_pipeline({.num_groups = 3, .num_members = 3, .num_workers = 2, .batch_size = 4},
               synthetic.work());
  EXPECT_TRUE(synthetic.sunk.empty());
}

TEST(Pipeline, RethrowsWhatAnyStageThrewAfterStopping) {
  for (const int stage : {0, 1, 2, 3}) {
    SyntheticWork synthetic{.num_frames = 40};
    PipelineWork work = synthetic.work();
    const auto fail_at = [](int64_t frame) {
      if (frame >= 20) throw Error(ErrorKind::bad_file, "broke");
    };
    if (stage == 0) {
      work.source = [&, inner = work.source](VideoFrame& frame) {
        fail_at(synthetic.next);
        return inner(frame);
      };
    }
    if (stage == 1)
      work.compute = [&](size_t, FrameBundle& bundle, size_t) {
        fail_at(bundle.frames[0].frame_index);
      };
    if (stage == 1) work.combine = [](FrameBundle&, size_t) {};
    if (stage == 2)
      work.combine = [&](FrameBundle& bundle, size_t) { fail_at(bundle.frames[0].frame_index); };
    if (stage >= 1)
      work.sink = [&](FrameBundle& bundle) {
        if (stage == 3) fail_at(bundle.frames[0].frame_index);
      };
    EXPECT_THROW(
        run_pipeline({.num_groups = 3, .num_members = 3, .num_workers = 3, .batch_size = 2}, work),
        Error)
        << "stage " << stage;
  }
}

TEST(Pipeline, StopsEarlyWithAGaplessBeginning) {
  SyntheticWork synthetic{.num_frames = 1'000'000};
  StopFlag stop;
  PipelineWork work = synthetic.work();
  work.sink = [&, inner = work.sink](FrameBundle& bundle) {
    inner(bundle);
    if (synthetic.sunk.size() >= 10) stop.request();
  };
  run_pipeline({.num_groups = 3, .num_members = 3, .num_workers = 2, .batch_size = 1}, work, &stop);
  ASSERT_GE(synthetic.sunk.size(), 10U);
  ASSERT_LT(synthetic.sunk.size(), 1000U);
  for (size_t i = 0; i < synthetic.sunk.size(); ++i)
    EXPECT_EQ(synthetic.sunk[i], static_cast<int64_t>(i));
}

TEST(Pipeline, KeepsFewBundlesHoweverLongTheVideo) {
  SyntheticWork synthetic{.num_frames = 3000};
  PipelineWork work = synthetic.work();
  std::set<const FrameBundle*> seen;
  work.sink = [&, inner = work.sink](FrameBundle& bundle) {
    seen.insert(&bundle);
    inner(bundle);
  };
  run_pipeline({.num_groups = 3, .num_members = 3, .num_workers = 2, .batch_size = 1}, work);
  EXPECT_LE(seen.size(), 6U);  // 2 * workers + 2
}

}  // namespace
}  // namespace posse
