// What becomes of batches on a device: filled up, halved where the memory is full, given up where
// the device is lost. The device is ONNX Runtime's CPU provider under the name of CUDA's.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "network/backends/onnxruntime/golden.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "network/backends/onnxruntime/trial_network.h"
#include "support/errors.h"
#include "support/onnxruntime.h"

namespace posse::ort {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Extent kFrame{48, 64};

class ProxyDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    POSSE_ONNXRUNTIME_OR_SKIP(file);
    setenv("POSSE_PROXY_ORT", file.c_str(), 1);
    does("");
    report();
  }
  void TearDown() override { unsetenv("POSSE_PROXY_ORT_DOES"); }

  static void does(const char* words) { setenv("POSSE_PROXY_ORT_DOES", words, 1); }
  /// What the library was asked for since the last call.
  static std::string report() {
    void* library = dlopen(POSSE_PROXY_ORT_LIBRARY, RTLD_NOW | RTLD_NODELETE);
    EXPECT_NE(library, nullptr) << dlerror();
    using Report = const char*();
    return reinterpret_cast<Report*>(dlsym(library, "posse_proxy_report"))();
  }
  std::unique_ptr<Executor> compiled(int batch_size, const std::string& device = "cuda",
                                     Precision precision = Precision::fp32) const {
    const auto backend = open_onnxruntime(device, POSSE_PROXY_ORT_LIBRARY, precision);
    report();
    return backend->compile(network_.graph, network_.weights,
                            {.batch_size = batch_size, .frame_extent = kFrame});
  }
  /// Of `count` frames that differ.
  static NetworkOutput run(const Executor& executor, int count, Workspace& workspace) {
    std::vector<std::vector<uint8_t>> pictures;
    FrameBatch batch{kFrame.height, kFrame.width, {}};
    for (int i = 0; i < count; ++i) {
      pictures.push_back(golden_picture(kFrame));
      for (uint8_t& byte : pictures.back()) byte = static_cast<uint8_t>(byte + 9 * i);
    }
    for (const auto& picture : pictures) batch.frames.push_back(picture.data());
    NetworkOutput output;
    executor.run(batch, true, workspace, output);
    return output;
  }
  static NetworkOutput run(const Executor& executor, int count) {
    return run(executor, count, *executor.make_workspace());
  }
  /// The plain CPU provider's.
  NetworkOutput expected(int count) const {
    const auto backend = open_onnxruntime("cpu", testing::onnxruntime_library());
    return run(*backend->compile(network_.graph, network_.weights, {}), count);
  }
  static void expect_same(const NetworkOutput& got, const NetworkOutput& wanted) {
    EXPECT_EQ(got.scoremap_logits.shape(), wanted.scoremap_logits.shape());
    EXPECT_EQ(got.locref.shape(), wanted.locref.shape());
    // Float32 sums of another number of frames may be taken in another order.
    EXPECT_LE(largest_error(wanted.scoremap_logits.values(), got.scoremap_logits.values()), 1e-6);
    EXPECT_LE(largest_error(wanted.locref.values(), got.locref.values()), 1e-6);
  }

  TrialNetwork network_ = make_trial_network();
};

TEST_F(ProxyDevice, FillsBatchesUpToTheNumberThatIsPlanned) {
  const auto executor = compiled(4);
  EXPECT_THAT(report(), HasSubstr("batches 1 4;"));  // the golden frame, and a batch as a trial
  const auto workspace = executor->make_workspace();
  for (const int count : {4, 3, 1, 9, 2}) {
    expect_same(run(*executor, count, *workspace), expected(count));
    EXPECT_THAT(report(), AllOf(HasSubstr(count == 1   ? "batches 1;"
                                          : count == 9 ? "batches 1 4;"
                                                       : "batches 4;")));
  }
  EXPECT_EQ(executor->facts().most_frames, 0);
}

TEST_F(ProxyDevice, ReadsAndWritesPageLockedMemoryWhereThereIsSome) {
  does("locked");
  const auto executor = compiled(4);
  report();
  expect_same(run(*executor, 3), expected(3));
  EXPECT_THAT(report(), HasSubstr("locked_arrays 3;"));  // frames, logits, locref
}

TEST_F(ProxyDevice, HalvesTheBatchWhereTheMemoryIsFull) {
  does("oom:3");
  const auto executor = compiled(8);
  EXPECT_EQ(executor->facts().most_frames, 2);
  report();
  expect_same(run(*executor, 8), expected(8));
  EXPECT_THAT(report(), HasSubstr("batches 2;"));
  does("oom:1");  // something else has taken more of it
  expect_same(run(*executor, 5), expected(5));
  EXPECT_THAT(report(), HasSubstr("batches 1;"));
  EXPECT_EQ(executor->facts().most_frames, 1);
}

TEST_F(ProxyDevice, SaysThatTheMemoryDoesNotHoldASingleFrame) {
  const auto executor = compiled(4);
  does("oom:0");
  const Error error = posse::testing::error_of([&] { run(*executor, 4); });
  EXPECT_EQ(error.kind(), ErrorKind::device_memory);
  EXPECT_THAT(error.message(), HasSubstr("Failed to allocate memory"));
  does("");
  expect_same(run(*executor, 4), expected(4));
}

TEST_F(ProxyDevice, IsNotAskedAgainWhenItIsLost) {
  const auto executor = compiled(4);
  report();
  does("lost:2");
  const auto workspace = executor->make_workspace();
  run(*executor, 8, *workspace);
  const Error error = posse::testing::error_of([&] { run(*executor, 4, *workspace); });
  EXPECT_EQ(error.kind(), ErrorKind::device_lost);
  EXPECT_THAT(report(), HasSubstr("runs 2;"));
  EXPECT_EQ(executor->facts().most_frames, 0);
}

TEST_F(ProxyDevice, NetworksThatLookAtWholeBatchesAreNeitherFilledUpNorHalved) {
  for (Node& node : network_.graph.nodes) {
    if (node.kind == OpKind::batch_norm) node.batch_norm_mode = BatchNormMode::batch;
  }
  const auto executor = compiled(4);
  report();
  expect_same(run(*executor, 3), expected(3));
  EXPECT_THAT(report(), HasSubstr("batches 3;"));
  does("oom:2");
  const Error error = posse::testing::error_of([&] { run(*executor, 3); });
  EXPECT_EQ(error.kind(), ErrorKind::device_memory);
}

TEST_F(ProxyDevice, GetsTheOptionsOfCuda) {
  const auto full = compiled(2);
  EXPECT_THAT(report(), AllOf(HasSubstr("cudnn_conv_algo_search=EXHAUSTIVE;"),
                              HasSubstr("arena_extend_strategy=kSameAsRequested;"),
                              HasSubstr("use_tf32=0;"), HasSubstr("prefer_nhwc=1;")));
  const auto fewer_digits = compiled(2, "cuda:1", Precision::tf32);
  EXPECT_EQ(fewer_digits->facts().precision, "tf32");
  EXPECT_THAT(report(), AllOf(HasSubstr("use_tf32=1;"), HasSubstr("device_id=1;")));
}

TEST_F(ProxyDevice, KeepsTensorRtsEnginesByTheWeights) {
  const TemporaryFolder cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  // The log of the proxy names CUDA's provider, so that the session is refused, after its options.
  const auto options_of = [&](Precision precision) {
    try {
      open_onnxruntime("tensorrt", POSSE_PROXY_ORT_LIBRARY, precision);
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("gave it nothing to do"));
    }
    return report();
  };
  const std::string full = options_of(Precision::fp32);
  const std::string folder = (cache.path() / "posse" / "tensorrt").string();
  EXPECT_THAT(full, AllOf(HasSubstr("trt_engine_cache_enable=1;"), HasSubstr("trt_fp16_enable=0;"),
                          HasSubstr("trt_engine_cache_path=" + folder + ";"),
                          HasSubstr("trt_timing_cache_path=" + folder + ";")));
  const std::string half = options_of(Precision::fp16);
  EXPECT_THAT(half, HasSubstr("trt_fp16_enable=1;"));
  const auto prefix = [](const std::string& text) {
    const size_t start = text.find("trt_engine_cache_prefix=");
    return text.substr(start, text.find(';', start) - start);
  };
  EXPECT_THAT(prefix(full), HasSubstr("=posse-"));
  EXPECT_NE(prefix(full), prefix(half));
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace posse::ort
