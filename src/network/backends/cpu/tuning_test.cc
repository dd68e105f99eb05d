#include "network/backends/cpu/tuning.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "base/files.h"

namespace posse::cpu {
namespace {

struct Layer {
  Step step{.kind = StepKind::convolution, .name = "layer"};
  StepShape shape;
  Layer() {
    step.kernel = 3;
    step.channels = step.weights_in = 32;
    step.weights = Tensor({32, 32, 3, 3});
    for (float& w : step.weights.values()) w = 0.01F;
    shape = {.in = {12, 12}, .out = {12, 12}, .in_channels = 32, .out_channels = 32};
  }
};

constexpr std::array kBoth = {ConvolutionMethod::winograd4, ConvolutionMethod::direct};

TEST(TuningCache, KeepsChoicesForTheNextProcess) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "posse" / "tuning.txt";
  TuningCache(file).store("a processor; a shape", ConvolutionMethod::winograd2);
  TuningCache(file).store("a processor; another shape", ConvolutionMethod::direct);
  TuningCache next(file);
  EXPECT_EQ(next.find("a processor; a shape"), ConvolutionMethod::winograd2);
  EXPECT_EQ(next.find("a processor; another shape"), ConvolutionMethod::direct);
  EXPECT_EQ(next.find("a processor; a third shape"), std::nullopt);
}

TEST(TuningCache, IgnoresWhatItCannotRead) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "tuning.txt";
  write_file(file, "no tab here\nshape\tsomething new\nsound\tdirect\n\x01\x02\t");
  TuningCache cache(file);
  EXPECT_EQ(cache.find("shape"), std::nullopt);
  EXPECT_EQ(cache.find("sound"), ConvolutionMethod::direct);
}

TEST(TuningCache, WithoutAPlaceOnDiskHoldsForTheProcess) {
  TuningCache nowhere{std::filesystem::path()};
  nowhere.store("shape", ConvolutionMethod::winograd4);
  EXPECT_EQ(nowhere.find("shape"), ConvolutionMethod::winograd4);
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "");
  TuningCache blocked(folder.path() / "file" / "tuning.txt");  // a file where a folder should be
  blocked.store("shape", ConvolutionMethod::direct);
  EXPECT_EQ(blocked.find("shape"), ConvolutionMethod::direct);
}

TEST(TunedMethod, AChoiceOnceMadeIsKept) {
  const Layer layer;
  const Machine& machine = this_machine();
  for (const ConvolutionMethod kept : kBoth) {
    TuningCache cache{std::filesystem::path()};
    cache.store(tuning_key(layer.step, layer.shape, machine), kept);
    EXPECT_EQ(tuned_method(layer.step, layer.shape, machine, kBoth, cache), kept);
  }
}

TEST(TunedMethod, TimingChoosesACandidateAndRemembersIt) {
  const Layer layer;
  TuningCache cache{std::filesystem::path()};
  const auto choice = tuned_method(layer.step, layer.shape, this_machine(), kBoth, cache);
  EXPECT_TRUE(choice == kBoth[0] || choice == kBoth[1]);
  EXPECT_EQ(cache.find(tuning_key(layer.step, layer.shape, this_machine())), choice);
}

TEST(TunedMethod, AnExcludedChoiceIsNotTaken) {
  const Layer layer;
  TuningCache cache{std::filesystem::path()};
  cache.store(tuning_key(layer.step, layer.shape, this_machine()), ConvolutionMethod::winograd4);
  constexpr std::array only = {ConvolutionMethod::direct};
  EXPECT_EQ(tuned_method(layer.step, layer.shape, this_machine(), only, cache),
            ConvolutionMethod::direct);
}

TEST(TunedMethod, NetworksWithoutLargeTilesKeepChoicesOfTheirOwn) {
  const Layer layer;
  TuningCache cache{std::filesystem::path()};
  const std::string key = tuning_key(layer.step, layer.shape, this_machine());
  cache.store(key, ConvolutionMethod::winograd4);
  constexpr std::array small = {ConvolutionMethod::winograd2, ConvolutionMethod::direct};
  EXPECT_NE(tuned_method(layer.step, layer.shape, this_machine(), small, cache),
            ConvolutionMethod::winograd4);
  EXPECT_EQ(cache.find(key), ConvolutionMethod::winograd4);
}

TEST(Tuning, TheEnvironmentTurnsItOff) {
  setenv("POSSE_TUNE", "off", 1);
  EXPECT_FALSE(tuning_allowed());
  unsetenv("POSSE_TUNE");
  EXPECT_TRUE(tuning_allowed());
}

}  // namespace
}  // namespace posse::cpu
