#include "ensemble/precision_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "base/error.h"
#include "ensemble/ensemble.h"
#include "network/backends/cpu/cpu_backend.h"
#include "support/errors.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Frames of one member with one bodypart, at x = shifts[i].
std::vector<FrameResult> frames_at(const std::vector<double>& shifts, double likelihood = 1) {
  std::vector<FrameResult> frames;
  for (const double shift : shifts) {
    FrameResult frame;
    frame.consensus.resize(1);
    frame.members = {{.x = shift, .y = 3, .likelihood = likelihood}};
    frames.push_back(std::move(frame));
  }
  return frames;
}

const std::vector<std::string> kName = {"Anna"};

TEST(CompareKeypoints, GivesMedianAnd99thPercentile) {
  std::vector<double> shifts(100);
  std::iota(shifts.begin(), shifts.end(), 1);  // 1 ... 100
  const PrecisionCheck check =
      compare_keypoints(frames_at(std::vector<double>(100, 0)), frames_at(shifts), kName);
  EXPECT_EQ(check.num_frames, 100);
  ASSERT_EQ(check.members.size(), 1U);
  EXPECT_EQ(check.members[0].num_keypoints, 100);
  EXPECT_EQ(check.members[0].median_px, 50);
  EXPECT_EQ(check.members[0].p99_px, 99);
}

TEST(CompareKeypoints, PassesOverWhatIsNotSeenAndNotOverWhatIsMissing) {
  const auto low = compare_keypoints(frames_at({0, 0}, 0.09), frames_at({9, 9}), kName);
  EXPECT_EQ(low.members[0].num_keypoints, 0);
  const auto missing = compare_keypoints(frames_at({0, 0}), frames_at({0, kNaN}), kName);
  EXPECT_EQ(missing.members[0].num_keypoints, 2);
  EXPECT_EQ(missing.members[0].p99_px, std::numeric_limits<double>::infinity());
}

TEST(RequirePrecision, RefusesBeyondEitherBoundAndWithoutKeypoints) {
  const auto check = [](double median, double p99, int64_t count = 9) {
    return PrecisionCheck{.num_frames = 32, .members = {{"Anna", count, median, p99}}};
  };
  EXPECT_NO_THROW(require_precision(check(0.02, 0.2), "fp16"));
  for (const auto& bad : {check(0.021, 0.1), check(0.01, 0.21), check(kNaN, kNaN, 0)}) {
    const Error error = testing::error_of([&] { require_precision(bad, "fp16"); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("fp16"), HasSubstr("'Anna'")));
    EXPECT_THAT(error.notes().hint, HasSubstr("--precision fp32"));
  }
  const Error error = testing::error_of([&] { require_precision(check(0.5, 0.75), "tf32"); });
  EXPECT_THAT(error.message(), AllOf(HasSubstr("0.500 px (median)"), HasSubstr("0.750 px"),
                                     HasSubstr("0.02 and 0.2")));
}

/// The CPU's logits, tilted so that soft-argmax moves by about as much.
class TiltedExecutor : public Executor {
 public:
  TiltedExecutor(std::unique_ptr<Executor> inner, float tilt)
      : inner_(std::move(inner)), tilt_(tilt) {}
  std::unique_ptr<Workspace> make_workspace() const override { return inner_->make_workspace(); }
  void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
           NetworkOutput& output) const override {
    inner_->run(batch, want_locref, workspace, output);
    for (float& value : output.locref.values()) value += tilt_;
    const int64_t parts = output.scoremap_logits.dim(3), width = output.scoremap_logits.dim(2);
    for (int64_t i = 0; i < output.scoremap_logits.size(); ++i)
      output.scoremap_logits.data()[i] += tilt_ * static_cast<float>(i / parts % width);
  }
  int64_t weight_bytes() const override { return 0; }

 private:
  std::unique_ptr<Executor> inner_;
  float tilt_;
};

/// A device that has float32 as well.
class CoarseBackend : public Backend {
 public:
  explicit CoarseBackend(float tilt) : tilt_(tilt) {}
  std::string_view name() const override { return "coarse"; }
  std::shared_ptr<const Backend> in_full_precision() const override {
    return {std::shared_ptr<void>(), &cpu_backend()};
  }
  std::optional<std::string> why_unavailable() const override { return std::nullopt; }
  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& options) const override {
    return std::make_unique<TiltedExecutor>(cpu_backend().compile(graph, weights, options), tilt_);
  }

 private:
  float tilt_;
};

Ensemble on_coarse(float tilt) {
  const std::vector paths{testing::source_folder() / "data/demo/member-1",
                          testing::source_folder() / "data/demo/member-2"};
  return Ensemble::open(paths, {.threads = 1, .tune = false},
                        std::make_shared<const CoarseBackend>(tilt));
}

std::vector<Image> demo_pictures() {
  std::vector<Image> pictures;
  const auto reader = open_video(testing::source_folder() / "data/demo/video/openarena.mp4",
                                 {.range = {.stop = 3}});
  for (VideoFrame frame; reader->read(frame);) pictures.push_back(frame.image);
  return pictures;
}

TEST(Ensemble, LooksAtThePrecisionByItself) {
  const std::vector<Image> pictures = demo_pictures();
  Ensemble same = on_coarse(0);
  EXPECT_EQ(same.predict(pictures).size(), 3U);  // those looked at are not lost
  const ExecutionFacts facts = same.execution_facts();
  EXPECT_EQ(facts.precision_frames, 3);
  EXPECT_EQ(facts.precision_median_px, (std::vector<double>{0, 0}));
  for (const bool one_by_one : {false, true}) {
    Ensemble off = on_coarse(0.2F);
    const Error error = testing::error_of([&] {
      if (one_by_one) {
        off.run_frame({.image = pictures[0]}, {});
      } else {
        off.predict(pictures);
      }
    });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.message(), HasSubstr("is not precise enough for member 'member-1'"));
  }
}

}  // namespace
}  // namespace posse
