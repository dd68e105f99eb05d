#include "network/backends/onnxruntime/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "network/backends/onnxruntime/devices.h"
#include "network/backends/onnxruntime/library_file.h"
#include "support/onnxruntime.h"

namespace posse::ort {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder of made files; clears what the fake library looks at.
class OrtLibrary : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("POSSE_FAKE_ORT"); }
  void TearDown() override { unsetenv("POSSE_FAKE_ORT"); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  const fs::path& folder() const { return folder_.path(); }

  /// The whole error of loading a file.
  static std::string refusal_of(const fs::path& file) {
    try {
      Library::load(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unavailable);
      EXPECT_THAT(error.message(), HasSubstr(file.filename().string()));
      return error.what();
    }
    return "loaded";
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(OrtLibrary, AnAbsentFileIsNamedWithTheLinesThatInstallOne) {
  const std::string text = refusal_of(folder() / "libonnxruntime.so");
  EXPECT_THAT(text, HasSubstr("there is no such file"));
  EXPECT_THAT(text, HasSubstr("pip install onnxruntime"));
  EXPECT_THAT(text, HasSubstr("conda install"));
  EXPECT_THAT(text, HasSubstr("apt install"));
}

TEST_F(OrtLibrary, FilesThatAreNoLibrariesAreToldApart) {
  EXPECT_THAT(refusal_of(write("a.so", "")), HasSubstr("empty"));
  EXPECT_THAT(refusal_of(write("b.so", "\177ELF")), HasSubstr("cut off"));
  EXPECT_THAT(refusal_of(write("c.so", std::string(5000, 'x'))), HasSubstr("no ELF file"));
  EXPECT_THAT(refusal_of(folder()), HasSubstr("a folder"));
}

TEST_F(OrtLibrary, ALibraryThatIsCutOffIsNotLoaded) {
  const std::string whole = read_file(POSSE_FAKE_ORT_LIBRARY);
  for (const size_t part : {size_t{4}, size_t{2}}) {
    const fs::path file = write("cut.so", whole.substr(0, whole.size() / part));
    EXPECT_THAT(refusal_of(file), HasSubstr("cut off")) << "1/" << part;
  }
}

TEST_F(OrtLibrary, ALibraryForAnotherProcessorIsNamed) {
  std::string bytes = read_file(POSSE_FAKE_ORT_LIBRARY);
  bytes[18] = static_cast<char>(0xF3);  // e_machine, little-endian: 0x00F3 is RISC-V
  bytes[19] = 0;
  EXPECT_THAT(refusal_of(write("riscv.so", bytes)), HasSubstr("ELF machine 243"));
  const bool is_arm = read_file("/proc/self/exe")[18] == static_cast<char>(0xB7);
  bytes[18] = static_cast<char>(is_arm ? 0x3E : 0xB7);
  EXPECT_THAT(refusal_of(write("other.so", bytes)),
              HasSubstr(is_arm ? "made for x86-64" : "made for 64-bit ARM"));
}

TEST_F(OrtLibrary, AnotherLibraryIsNotTakenForOne) {
  EXPECT_THAT(refusal_of(POSSE_EMPTY_LIBRARY), HasSubstr("without OrtGetApiBase"));
}

TEST_F(OrtLibrary, OneThatIsTooOldSaysItsVersion) {
  setenv("POSSE_FAKE_ORT", "old", 1);
  EXPECT_THAT(refusal_of(POSSE_FAKE_ORT_LIBRARY),
              HasSubstr("version 1.7.0 is too old, posse needs 1.17 or newer"));
}

TEST_F(OrtLibrary, VersionsAreAskedDownwardsFromItsOwn) {
  const auto library = Library::load(POSSE_FAKE_ORT_LIBRARY);
  EXPECT_EQ(library->version(), "1.23.0");
  EXPECT_EQ(library->interface_version(), 23);
  EXPECT_TRUE(library->has_provider("CUDAExecutionProvider"));
  EXPECT_FALSE(library->has_provider("DmlExecutionProvider"));
}

TEST_F(OrtLibrary, UsualPlacesAreSearchedInOrder) {
  const fs::path venv = write(
      "venv/lib/python3.9/site-packages/onnxruntime/capi/"
      "libonnxruntime.so.1.9.0",
      "x");
  const fs::path newer = write(
      "venv/lib/python3.11/site-packages/onnxruntime/capi/"
      "libonnxruntime.so.1.32.0",
      "x");
  const fs::path conda = write("conda/lib/libonnxruntime.so.1.20.0", "x");
  write("conda/lib/libonnxruntime_providers_shared.so", "x");
  const fs::path on_path = write(
      "py/lib/python3.12/site-packages/onnxruntime/capi/"
      "libonnxruntime.so.1.31.1",
      "x");
  write("py/bin/python3", "");
  const fs::path debian = write("root/usr/lib/x86_64-linux-gnu/libonnxruntime.so.1.21", "x");
  const fs::path opt = write("root/opt/onnxruntime-1.2/lib/libonnxruntime.so", "x");
  std::map<std::string, std::string> variables = {
      {"VIRTUAL_ENV", (folder() / "venv").string()},
      {"CONDA_PREFIX", (folder() / "conda").string()},
      {"PATH", "/nowhere:" + (folder() / "py" / "bin").string()}};
  const Surroundings made{.variable = [&](const char* name) { return variables[name]; },
                          .root = folder() / "root"};
  EXPECT_THAT(library_places(made), ElementsAre(newer, venv, conda, on_path, debian, opt));
}

TEST_F(OrtLibrary, ABadOneDoesNotHideAGoodOne) {
  write("venv/lib/libonnxruntime.so.2", "cut");
  fs::create_directories(folder() / "root/usr/lib");
  fs::copy_file(POSSE_FAKE_ORT_LIBRARY, folder() / "root/usr/lib/libonnxruntime.so");
  std::map<std::string, std::string> variables = {{"VIRTUAL_ENV", (folder() / "venv").string()}};
  const Surroundings made{.variable = [&](const char* name) { return variables[name]; },
                          .root = folder() / "root"};
  EXPECT_EQ(find_library("", made)->file(), folder() / "root/usr/lib/libonnxruntime.so");
  fs::remove(folder() / "root/usr/lib/libonnxruntime.so");
  EXPECT_THROW(find_library("", made), Error);
}

TEST_F(OrtLibrary, TheOptionWinsOverTheEnvironmentAndThatOverPlaces) {
  std::map<std::string, std::string> variables = {{"POSSE_ORT_LIBRARY", "/named/by/variable.so"}};
  const Surroundings made{.variable = [&](const char* name) { return variables[name]; },
                          .root = folder()};
  EXPECT_EQ(find_library(POSSE_FAKE_ORT_LIBRARY, made)->version(), "1.23.0");
  try {
    find_library("", made);
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("/named/by/variable.so"));
  }
  variables.clear();
  try {
    find_library("", made);
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("no library of ONNX Runtime"));
    EXPECT_THAT(error.notes().hint, HasSubstr("--ort-library"));
  }
}

/// Places of functions that a CPU build answers with a sentence of its own: each names its
/// provider.
TEST_F(OrtLibrary, PlacesOfTheTableAreThoseOfTheRealLibrary) {
  POSSE_ONNXRUNTIME_OR_SKIP(file);
  const auto library = Library::load(file);
  EXPECT_GE(library->interface_version(), kOldestVersion);
  EXPECT_TRUE(library->has_provider("CPUExecutionProvider"));
  if (library->has_provider("CUDAExecutionProvider")) GTEST_SKIP() << "not a CPU build";
  const auto answer = [&](auto&& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.message();
    }
    return "accepted";
  };
  SessionOptions* options = nullptr;
  library->call<CreateSessionOptions>("options", &options);
  CudaOptions* cuda = nullptr;
  EXPECT_THAT(answer([&] { library->call<CreateCudaOptions>("x", &cuda); }), HasSubstr("CUDA"));
  EXPECT_THAT(
      answer([&] { library->call<UpdateCudaOptions>("x", cuda, nullptr, nullptr, size_t{0}); }),
      HasSubstr("CUDA"));
  TensorRtOptions* tensorrt = nullptr;
  EXPECT_THAT(answer([&] { library->call<CreateTensorRtOptions>("x", &tensorrt); }),
              HasSubstr("TensorRT"));
  EXPECT_THAT(answer([&] {
                library->call<UpdateTensorRtOptions>("x", tensorrt, nullptr, nullptr, size_t{0});
              }),
              HasSubstr("TensorRT"));
  EXPECT_THAT(answer([&] {
                library->call<AppendProvider>("x", options, "Abacus", nullptr, nullptr, size_t{0});
              }),
              HasSubstr("Abacus"));
  library->function<ReleaseSessionOptions>()(options);
}

TEST(Devices, AreReadAndWritten) {
  EXPECT_EQ(parse_device("cuda").text(), "cuda");
  EXPECT_EQ(parse_device("cuda:2").number, 2);
  EXPECT_EQ(parse_device("cuda:2").text(), "cuda:2");
  EXPECT_EQ(parse_device("webgpu").kind->provider, "WebGpuExecutionProvider");
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "cuda:1 "}) {
    EXPECT_THROW(parse_device(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace posse::ort
