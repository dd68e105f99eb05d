#include "network/backends/onnxruntime/onnxruntime_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/placement.h"
#include "network/backends/onnxruntime/trial_network.h"
#include "support/onnxruntime.h"

namespace posse::ort {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The fake library's provider in one of its ways; nothing else is asked for.
class FakeProvider : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("POSSE_BACKEND"); }
  void TearDown() override { unsetenv("POSSE_FAKE_ORT"); }

  static std::string refusal_of(const char* behaviour, const std::string& device = "cuda") {
    setenv("POSSE_FAKE_ORT", behaviour, 1);
    try {
      open_onnxruntime(device, POSSE_FAKE_ORT_LIBRARY);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unavailable);
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(FakeProvider, ThatDropsAllNodesIsRefused) {
  EXPECT_THAT(refusal_of("drops"),
              AllOf(HasSubstr("device cuda: ONNX Runtime gave it nothing to do"),
                    HasSubstr("CPUExecutionProvider"), HasSubstr("pip install")));
}

TEST_F(FakeProvider, ThatDropsSomeNodesIsRefusedAndTheyAreNamed) {
  const std::string text = refusal_of("splits");
  EXPECT_THAT(
      text, AllOf(HasSubstr("left 2 of the operations to the CPU: Conv"), Not(HasSubstr("Shape"))));
}

TEST_F(FakeProvider, ThatDoesNotSayWhereNodesAreIsRefused) {
  EXPECT_THAT(refusal_of("silent"), HasSubstr("does not say which operations run on it"));
}

TEST_F(FakeProvider, ThatMissesALibraryIsRefusedWithItsName) {
  EXPECT_THAT(refusal_of("missing"),
              AllOf(HasSubstr("libcublasLt.so.13 is not found on this machine"),
                    HasSubstr("pip install 'onnxruntime-gpu[cuda,cudnn]'")));
}

TEST_F(FakeProvider, ThatComputesSomethingElseIsRefused) {
  EXPECT_THAT(refusal_of("wrong"), HasSubstr("device cuda computes other maps"));
}

TEST_F(FakeProvider, ThatIsNotBuiltInIsRefusedWithTheLineThatBringsIt) {
  EXPECT_THAT(refusal_of("drops", "webgpu"),
              AllOf(HasSubstr("is built without WebGpuExecutionProvider"),
                    HasSubstr("pip install onnxruntime-webgpu")));
}

TEST_F(FakeProvider, AutoPassesOverWhatDoesNotWork) {
  // Neither CUDA nor the fake's CPU work.
  EXPECT_THAT(refusal_of("silent", "auto"), HasSubstr("no device of ONNX Runtime 1.23.0"));
  const OnnxRuntimeReport report = try_onnxruntime(POSSE_FAKE_ORT_LIBRARY);
  EXPECT_EQ(report.version, "1.23.0");
  ASSERT_EQ(report.devices.size(), 8U);
  for (const DeviceTrial& trial : report.devices) EXPECT_FALSE(trial.why_not.empty());
}

TEST_F(FakeProvider, WishesThatContradictAreRefused) {
  for (const BackendWish& wish : {BackendWish{.backend = "cpu", .device = "cuda"},
                                  BackendWish{.backend = "reference", .ort_library = "x.so"},
                                  BackendWish{.device = "gpu", .ort_library = "x.so"}}) {
    EXPECT_THROW(choose_backend(wish), Error) << wish.backend << wish.device;
  }
  EXPECT_EQ(choose_backend(BackendWish{.device = "cpu"})->name(), "cpu");
  EXPECT_EQ(choose_backend(BackendWish{})->name(), "cpu");
}

/// The real library in the guise of cards: what would happen where they are.
class PosingCards : public ::testing::Test {
 protected:
  void SetUp() override {
    POSSE_ONNXRUNTIME_OR_SKIP(file);
    setenv("POSSE_POSING_AS_CARD", file.c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"POSSE_POSING_AS_CARD", "POSSE_POSING", "POSSE_POSING_WRONG"})
      unsetenv(name);
  }
  static void pose(const char* providers, const char* wrong = "") {
    setenv("POSSE_POSING", providers, 1);
    setenv("POSSE_POSING_WRONG", wrong, 1);
  }
  std::shared_ptr<const Backend> best() {
    return open_best_device(POSSE_POSING_ORT_LIBRARY, Precision::fp32, nullptr, notes_);
  }
  std::vector<std::string> notes_;
};

TEST_F(PosingCards, ComputeAndSayWhatTheyAre) {
  pose("CUDAExecutionProvider");
  const auto backend = open_onnxruntime("cuda:0", POSSE_POSING_ORT_LIBRARY);
  EXPECT_EQ(backend->numerics(), "onnxruntime cuda fp32");
  EXPECT_FALSE(backend->is_choice_of_posse());
  const TrialNetwork network = make_trial_network();
  const auto executor = backend->compile(network.graph, network.weights, {});
  EXPECT_EQ(executor->facts().device, "cuda");
  EXPECT_LE(executor->facts().golden_error, 1e-5);
}

TEST_F(PosingCards, AreChosenInOrderAndThoseBehindThemNext) {
  pose("CUDAExecutionProvider,WebGpuExecutionProvider");
  std::shared_ptr<const Backend> backend = best();
  EXPECT_EQ(backend->numerics(), "onnxruntime cuda fp32");
  EXPECT_TRUE(backend->is_choice_of_posse());
  backend = backend->next_choice(notes_);
  EXPECT_EQ(backend->numerics(), "onnxruntime webgpu fp32");
  backend = backend->next_choice(notes_);
  EXPECT_EQ(backend->numerics(), "onnxruntime cpu fp32");
  EXPECT_FALSE(backend->is_choice_of_posse());
  EXPECT_TRUE(notes_.empty());
}

TEST_F(PosingCards, FallBackToOurEngineWhereThatIsWished) {
  pose("CUDAExecutionProvider");
  std::vector<std::string> notes;
  const auto card =
      choose_backend({.device = "auto", .ort_library = POSSE_POSING_ORT_LIBRARY}, &notes);
  EXPECT_EQ(card->numerics(), "onnxruntime cuda fp32");
  EXPECT_EQ(card->next_choice(notes)->name(), "cpu");
  EXPECT_TRUE(notes.empty());
}

TEST_F(FakeProvider, AutoNotesWhatItPassesOver) {
  setenv("POSSE_FAKE_ORT", "missing", 1);
  std::vector<std::string> notes;
  const auto chosen =
      choose_backend({.device = "auto", .ort_library = POSSE_FAKE_ORT_LIBRARY}, &notes);
  EXPECT_EQ(chosen->name(), "cpu");
  EXPECT_THAT(notes, ElementsAre(AllOf(HasSubstr("device cuda is passed over"),
                                       HasSubstr("libcublasLt.so.13 is not found"))));
}

TEST(Placement, IsReadFromTheLog) {
  const std::vector<std::string> log = {
      "Node placements",        " Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 120",
      "  Conv (conv1)",         " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 3",
      "  Shape (member/shape)", "  Gather ()",
      "  Conv (conv2)",         "Session successfully initialized."};
  const Placement placement = read_placement(log);
  EXPECT_EQ(placement.nodes.at("CUDAExecutionProvider"), 120);
  EXPECT_EQ(placement.nodes.at("CPUExecutionProvider"), 3);
  EXPECT_THAT(placement.on_cpu, ElementsAre("Shape", "Gather", "Conv"));
  EXPECT_THROW(check_placement(placement, parse_device("cuda")), Error);
  const Placement shapes{.nodes = {{"CUDAExecutionProvider", 9}, {"CPUExecutionProvider", 2}},
                         .on_cpu = {"Shape", "Gather"}};
  EXPECT_NO_THROW(check_placement(shapes, parse_device("cuda:1")));
}

TEST(Golden, ErrorsArePartsOfTheRange) {
  const std::vector<float> expected = {-1, 0, 3};
  EXPECT_EQ(largest_error(expected, expected), 0);
  EXPECT_DOUBLE_EQ(largest_error(expected, std::vector<float>{-1, 0.5, 3}), 0.125);
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(largest_error(expected, std::vector<float>{-1, NAN, 3}), infinite);
  EXPECT_EQ(largest_error(expected, std::vector<float>{-1, 0}), infinite);
  EXPECT_EQ(largest_error(std::vector<float>{2, 2}, std::vector<float>{2, 3}), infinite);
}

TEST(Golden, FramesAreSmallAndNoLargerThanTheUsers) {
  EXPECT_EQ(golden_extent(std::nullopt), (Extent{160, 160}));
  EXPECT_EQ(golden_extent(Extent{480, 97}), (Extent{160, 97}));
  EXPECT_EQ(golden_picture({3, 5}).size(), 45U);
}

TEST(OnnxRuntimeBackend, RunsATrialNetworkAndSaysOnWhat) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  const auto backend = open_onnxruntime("cpu", file);
  EXPECT_EQ(backend->numerics(), "onnxruntime cpu fp32");
  const TrialNetwork network = make_trial_network();
  const auto executor = backend->compile(network.graph, network.weights, {});
  const ExecutionFacts facts = executor->facts();
  EXPECT_EQ(facts.device, "cpu");
  EXPECT_EQ(facts.library, file.string());
  EXPECT_LE(facts.golden_error, 1e-5);
}

TEST_F(FakeProvider, OnlyCardsOfNvidiaHaveTf32) {
  for (const char* device : {"cpu", "webgpu", "openvino"}) {
    const BackendWish wish{
        .device = device, .ort_library = POSSE_FAKE_ORT_LIBRARY, .precision = Precision::tf32};
    try {
      choose_backend(wish);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_THAT(error.message(), HasSubstr("tf32"));
    }
  }
}

TEST_F(FakeProvider, OurOwnEngineComputesInFloat32Only) {
  for (const BackendWish& wish : {BackendWish{.precision = Precision::fp16},
                                  BackendWish{.backend = "cpu", .precision = Precision::tf32},
                                  BackendWish{.device = "cpu", .precision = Precision::fp16}}) {
    try {
      choose_backend(wish);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_THAT(error.message(), HasSubstr("backend 'cpu' computes in fp32"));
    }
  }
}

TEST(OnnxRuntimeBackend, HasFloat16AndKnowsFloat32OfTheSameDevice) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  const auto half = open_onnxruntime("cpu", file, Precision::fp16);
  EXPECT_EQ(half->numerics(), "onnxruntime cpu fp16");
  ASSERT_NE(half->in_full_precision(), nullptr);
  EXPECT_EQ(half->in_full_precision()->numerics(), "onnxruntime cpu fp32");
  EXPECT_EQ(half->in_full_precision()->in_full_precision(), nullptr);
}

TEST(OnnxRuntimeBackend, OneWorkerHasAllThreads) {
  const ExecutionPlan plan =
      onnxruntime_backend().plan({.num_threads = 6, .frame = {480, 640}, .batch_size = 3});
  EXPECT_EQ(plan.num_workers, 1);
  EXPECT_EQ(plan.threads_per_operator, 6);
  EXPECT_EQ(plan.batch_size, 3);
}

}  // namespace
}  // namespace posse::ort
