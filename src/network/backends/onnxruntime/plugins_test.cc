#include "network/backends/onnxruntime/plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "network/backends/onnxruntime/trial_network.h"
#include "support/onnxruntime.h"

namespace posse::ort {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The fake library with a plug-in for "webgpu" beside it.
class OrtPlugins : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("POSSE_FAKE_ORT");
    unsetenv("POSSE_ORT_PLUGINS");
    fs::copy_file(POSSE_FAKE_ORT_LIBRARY, library());
    fs::copy_file(POSSE_EMPTY_LIBRARY, plugin());
  }
  void TearDown() override {
    unsetenv("POSSE_FAKE_ORT");
    unsetenv("POSSE_ORT_PLUGINS");
  }

  fs::path library() const { return folder_.path() / "libonnxruntime.so"; }
  fs::path plugin() const { return folder_.path() / "libonnxruntime_providers_webgpu.so"; }
  fs::path write(const std::string& name) const {
    fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "x";
    return file;
  }
  const fs::path& folder() const { return folder_.path(); }

  std::string refusal_of(const char* behaviour) const {
    setenv("POSSE_FAKE_ORT", behaviour, 1);
    try {
      open_onnxruntime("webgpu", library());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unavailable);
      return error.what();
    }
    return "accepted";
  }
  PluginTrial trial(const char* behaviour) const {
    setenv("POSSE_FAKE_ORT", behaviour, 1);
    const OnnxRuntimeReport report = try_onnxruntime(library());
    for (const PluginTrial& one : report.plugins) {
      if (one.file == plugin().string()) return one;
    }
    ADD_FAILURE() << "not found";
    return {};
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(OrtPlugins, AreSearchedInOrderOneOfAKind) {
  const std::string packages = "venv/lib/python3.11/site-packages/";
  const fs::path own = write(packages + "onnxruntime/capi/libonnxruntime.so.1.32.0");
  const fs::path webgpu =
      write(packages + "onnxruntime_ep_webgpu/libonnxruntime_providers_webgpu.so");
  write(packages + "onnxruntime_ep_webgpu-0.4.0.dist-info/libonnxruntime_providers_webgpu.so");
  const fs::path rtx = write(packages +
                             "onnxruntime_ep_nv_tensorrt_rtx/lib/"
                             "libonnxruntime_providers_nv_tensorrt_rtx.so");
  write(packages + "onnxruntime/capi/libonnxruntime_providers_cuda.so");  // no plug-in
  const fs::path openvino = write(
      "home/.local/lib/python3.9/site-packages/onnxruntime_ep_openvino/"
      "libonnxruntime_providers_openvino_plugin.so");
  write(
      "home/.local/lib/python3.9/site-packages/onnxruntime_ep_webgpu/"
      "libonnxruntime_providers_webgpu.so");
  const fs::path named = write("mine/libonnxruntime_providers_cuda_plugin.so");
  std::map<std::string, std::string> variables = {
      {"HOME", (folder() / "home").string()},
      {"POSSE_ORT_PLUGINS", "/nowhere/x.so:" + named.string()}};
  const Surroundings made{.variable = [&](const char* name) { return variables[name]; },
                          .root = folder() / "root"};
  std::vector<fs::path> files;
  for (const Plugin& one : find_plugins(own, made)) files.push_back(one.file);
  EXPECT_THAT(files, ElementsAre(named, rtx, webgpu, openvino));
}

TEST_F(OrtPlugins, ServeADeviceThatTheLibraryIsBuiltWithout) {
  // Nothing computes there: so the trial network is what refuses it.
  EXPECT_THAT(refusal_of("plugin"), HasSubstr("device webgpu computes other maps"));
  EXPECT_EQ(trial("plugin").num_devices, 1);
  EXPECT_EQ(trial("plugin").why_not, "");
}

TEST_F(OrtPlugins, WithoutADeviceHereSaySo) {
  EXPECT_THAT(refusal_of("plugin-idle"),
              AllOf(HasSubstr(plugin().string()), HasSubstr("offers no device on this machine"),
                    HasSubstr("Vulkan")));
  EXPECT_EQ(trial("plugin-idle").num_devices, 0);
  EXPECT_EQ(trial("plugin-idle").why_not, "");
}

TEST_F(OrtPlugins, ThatAreRefusedSayWhy) {
  EXPECT_THAT(refusal_of("plugin-refused"), HasSubstr("built for another version"));
  EXPECT_THAT(trial("plugin-refused").why_not, HasSubstr("built for another version"));
  EXPECT_THAT(refusal_of("no-plugins"),
              AllOf(HasSubstr("needs ONNX Runtime 1.22 or newer"), HasSubstr("is 1.21.0")));
  fs::resize_file(plugin(), fs::file_size(plugin()) / 2);
  EXPECT_THAT(refusal_of("plugin"), HasSubstr("cut off"));
}

TEST_F(OrtPlugins, StandBehindTheLibrarysOwnProvider) {
  fs::copy_file(plugin(), folder() / "libonnxruntime_providers_cuda_plugin.so");
  const auto loaded = Library::load(library());
  EXPECT_FALSE(plugin_for(*loaded, *parse_device("cuda").kind));
  EXPECT_TRUE(plugin_for(*loaded, *parse_device("webgpu").kind));
  EXPECT_FALSE(plugin_for(*loaded, *parse_device("cpu").kind));
}

TEST_F(OrtPlugins, ThatComputeRunNetworks) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  fs::copy_file(POSSE_POSING_ORT_LIBRARY, library(), fs::copy_options::overwrite_existing);
  setenv("POSSE_POSING_AS_CARD", file.c_str(), 1);
  const auto backend = open_onnxruntime("webgpu", library());
  EXPECT_EQ(backend->numerics(), "onnxruntime webgpu fp32");
  const TrialNetwork network = make_trial_network();
  const auto executor = backend->compile(network.graph, network.weights, {});
  EXPECT_EQ(executor->facts().library, library().string() + ", " + plugin().string());
  EXPECT_LE(executor->facts().golden_error, 1e-5);
  unsetenv("POSSE_POSING_AS_CARD");
}

/// Places of the table: the real library lists its processor, and takes it for a session.
TEST_F(OrtPlugins, PlacesOfTheTableAreThoseOfTheRealLibrary) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  const auto real = Library::load(file);
  if (real->interface_version() < kPluginVersion) GTEST_SKIP() << "an older library";
  Env* env = nullptr;
  real->call<CreateEnv>("x", kFatal, "test", &env);
  const EpDevice* const* devices = nullptr;
  size_t count = 0;
  real->call<GetEpDevices>("x", env, &devices, &count);
  ASSERT_GE(count, 1U);
  std::vector<std::string> providers;
  for (size_t i = 0; i < count; ++i) {
    providers.emplace_back(real->function<EpDeviceProvider>()(devices[i]));
    if (providers.back() != "CPUExecutionProvider") continue;
    EXPECT_EQ(real->function<HardwareDeviceType>()(real->function<EpDeviceHardware>()(devices[i])),
              0);
    SessionOptions* options = nullptr;
    real->call<CreateSessionOptions>("x", &options);
    EXPECT_NO_THROW(real->call<AppendEpDevices>("x", options, env, &devices[i], size_t{1}, nullptr,
                                                nullptr, size_t{0}));
    real->function<ReleaseSessionOptions>()(options);
  }
  EXPECT_THAT(providers, Contains("CPUExecutionProvider"));
  try {
    real->call<RegisterPlugin>("x", env, "Nothing", plugin().c_str());
    FAIL() << "registered";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("CreateEpFactories"));
  }
  real->function<ReleaseEnv>()(env);
}

}  // namespace
}  // namespace posse::ort
