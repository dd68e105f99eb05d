// Exported files in other programs: ONNX Runtime (from PyPI, scripts/pypi_env.py) and OpenCV
// (Debian's), against the reference backend. Skipped where those cannot be had.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "network/backend.h"
#include "network/backends/reference/reference_backend.h"
#include "network/load_network.h"
#include "network/onnx.h"
#include "support/shared_data.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Network {
  Graph graph;
  Weights weights;
};

Network synthetic(const NetworkSpec& spec, uint64_t seed = 0) {
  Network network;
  network.graph = build_graph(spec);
  network.weights = testing::synthetic_weights(network.graph, {.seed = seed});
  return network;
}

NetworkSpec resnet50() { return {.scope = "resnet_v1_50/", .num_bodyparts = 3}; }

NetworkSpec mobilenet(double width, BatchNormMode mode) {
  NetworkSpec spec{.family = NetworkFamily::mobilenet_v2, .mobilenet_width = width};
  spec.scope = "MobilenetV2/";
  spec.num_bodyparts = 3;
  spec.batch_norm_mode = mode;
  return spec;
}

/// A small network as DeepLabCut 3 builds them: norms of groups, heads for bodyparts and unique
/// ones.
NetworkSpec deeplabcut3() {
  const auto layers = [](const std::string& scope, int channels) {
    return std::vector<TorchHeadLayer>{{.scope = scope, .channels = channels}};
  };
  TorchSpec torch{.depth = 18, .group_norm = true, .scope = "backbone.model."};
  torch.heads = {{"bodypart", layers("b.map", 2), layers("b.locref", 4)},
                 {"unique_bodypart", layers("u.map", 1), layers("u.locref", 2)}};
  return {.family = NetworkFamily::torch_resnet,
          .num_bodyparts = 3,
          .input_scale = {58, 57, 57},
          .torch = torch};
}

/// A small network as Lightning Pose builds them: frames resized, features spread over four cells.
NetworkSpec lightning_pose() {
  TorchSpec torch{.depth = 18,
                  .scope = "backbone.",
                  .numbered_children = true,
                  .output_stride = 32,
                  .pixel_shuffle = 2,
                  .resized = Extent{64, 128}};
  const auto layer = [](const std::string& scope) {
    return TorchHeadLayer{.scope = scope, .channels = 3, .padding = PaddingRule::slim_same};
  };
  torch.heads = {{"head", {layer("head.1"), layer("head.2")}, {}}};
  return {.family = NetworkFamily::torch_resnet,
          .num_bodyparts = 3,
          .has_locref = false,
          .output_stride = 32,
          .input_scale = {58, 57, 57},
          .torch = torch};
}

/// What the network says of frames, by the reference backend, with bodyparts picked by `columns`.
struct Expected {
  Tensor logits, locref;
  Tensor heatmaps;  ///< of networks of PyTorch's tools, whose logits are then in the common meaning
};

/// One frame's map of one bodypart, as numbers that are not rounded.
using Plane = std::vector<double>;

/// The formulas of docs/math.md, "One meaning of maps".
double peak_logit(double probability) {
  const double p = std::clamp(probability, 1e-6, 1 - 1e-6);
  return std::log(p / (1 - p));
}

void turn_into_common_meaning(MapMeaning meaning, Plane& maps, Plane& heatmaps) {
  const double highest = *std::max_element(maps.begin(), maps.end());
  double sum = 0;
  for (const double value : maps) sum += std::exp(value - highest);
  for (size_t i = 0; i < maps.size(); ++i) {
    const double value = maps[i];
    if (meaning == MapMeaning::bump) {
      heatmaps[i] = value;
      maps[i] = peak_logit(highest) +
                (highest > 0 ? 3 * std::log(std::max(value / highest, 1e-4)) : value - highest);
    } else {
      heatmaps[i] = std::exp(value - highest) / sum;
      maps[i] = 3 * (value - highest) + peak_logit(2 * M_PI * 1.25 * 1.25 / sum);
    }
  }
}

void add_heatmaps(MapMeaning meaning, Expected& expected) {
  if (meaning == MapMeaning::logits) return;
  expected.heatmaps = expected.logits.clone();
  const Shape& shape = expected.logits.shape();
  const auto parts = static_cast<size_t>(shape[3]);
  const auto cells = static_cast<size_t>(shape[1] * shape[2]);
  for (size_t plane = 0; plane < static_cast<size_t>(shape[0]) * parts; ++plane) {
    const size_t first = plane / parts * cells * parts + plane % parts;
    Plane maps(cells);
    Plane heatmaps(cells);
    for (size_t i = 0; i < cells; ++i) {
      maps[i] = static_cast<double>(expected.logits.data()[first + i * parts]);
    }
    turn_into_common_meaning(meaning, maps, heatmaps);
    for (size_t i = 0; i < cells; ++i) {
      expected.logits.data()[first + i * parts] = static_cast<float>(maps[i]);
      expected.heatmaps.data()[first + i * parts] = static_cast<float>(heatmaps[i]);
    }
  }
}

Tensor select_bodyparts(const Tensor& maps, const std::vector<int>& columns, int64_t per_bodypart,
                        double scale) {
  const int64_t bodyparts = maps.dim(3);
  Shape shape = maps.shape();
  shape[3] = static_cast<int64_t>(columns.size());
  Tensor out(shape);
  const int64_t cells = maps.size() / (bodyparts * per_bodypart);
  int64_t next = 0;
  for (int64_t cell = 0; cell < cells; ++cell) {
    for (const int column : columns) {
      for (int64_t k = 0; k < per_bodypart; ++k) {
        const float value = maps.data()[(cell * bodyparts + column) * per_bodypart + k];
        out.data()[next++] = static_cast<float>(static_cast<double>(value) * scale);
      }
    }
  }
  return out;
}

Expected expect_of(const OnnxMember& member, const FrameBatch& batch) {
  const auto executor = reference_backend().compile(*member.graph, *member.weights, {});
  const auto workspace = executor->make_workspace();
  NetworkOutput output;
  executor->run(batch, true, *workspace, output);
  std::vector<int> columns = member.columns;
  if (columns.empty()) {
    for (int j = 0; j < output.scoremap_logits.dim(3); ++j) columns.push_back(j);
  }
  Expected expected;
  expected.logits = select_bodyparts(output.scoremap_logits, columns, 1, 1);
  if (!output.locref.empty()) {
    expected.locref = select_bodyparts(output.locref, columns, 2, member.locref_stdev);
  }
  add_heatmaps(member.meaning, expected);
  return expected;
}

/// log(sigmoid(logit)), finite for any logit.
double log_sigmoid(double logit) {
  return std::min(logit, 0.0) - std::log1p(std::exp(-std::abs(logit)));
}

double log_sum_exp(const std::vector<double>& values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - most);
  return most + std::log(sum);
}

Tensor mean_consensus(const std::vector<Expected>& members) {
  Tensor out(members.front().logits.shape());
  for (int64_t i = 0; i < out.size(); ++i) {
    std::vector<double> inside;
    std::vector<double> outside;
    for (const Expected& member : members) {
      const double logit = static_cast<double>(member.logits.data()[i]);
      inside.push_back(log_sigmoid(logit));
      outside.push_back(log_sigmoid(-logit));
    }
    out.data()[i] = static_cast<float>(log_sum_exp(inside) - log_sum_exp(outside));
  }
  return out;
}

/// A folder with an exported model, frames and expected outputs, for the scripts of tests/onnx.
class ProgramCheck {
 public:
  explicit ProgramCheck(OnnxExport what, double limit = 1e-4) : what_(std::move(what)) {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / fmt::format("onnx_{}", info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_onnx(what_, folder_ / "model.onnx");
    manifest_ = {{"model", "model.onnx"},
                 {"input_type", what_.input == OnnxInput::uint8 ? "uint8" : "float32"},
                 {"limit", limit},
                 {"runs", json::array()}};
  }
  ~ProgramCheck() { fs::remove_all(folder_); }
  ProgramCheck(const ProgramCheck&) = delete;
  ProgramCheck& operator=(const ProgramCheck&) = delete;

  /// Smooth random pictures of one size: a coarse grid of colours, enlarged.
  void add_run(Extent size, int count) {
    std::mt19937 random(testing::seed_of_this_test());
    std::uniform_int_distribution<int> level(0, 255);
    std::vector<std::vector<uint8_t>> pictures(static_cast<size_t>(count));
    FrameBatch batch{size.height, size.width, {}};
    for (auto& picture : pictures) {
      picture.resize(static_cast<size_t>(size.height * size.width * 3));
      std::array<uint8_t, 3 * 64 * 64> coarse;
      for (uint8_t& value : coarse) value = static_cast<uint8_t>(level(random));
      for (int64_t i = 0; i < size.height * size.width * 3; ++i) {
        const int64_t cell = (i / 3 / size.width / 6 % 64) * 64 + i / 3 % size.width / 6 % 64;
        picture[static_cast<size_t>(i)] = coarse[static_cast<size_t>(cell * 3 + i % 3)];
      }
      batch.frames.push_back(picture.data());
    }
    write_run(batch, pictures);
  }

  /// Runs a script of tests/onnx; skips the test if the program is absent.
  /// @param interpreter  command, seen from the source folder
  void run(const std::string& interpreter, const std::string& script) {
    std::ofstream(folder_ / "manifest.json") << manifest_.dump(1);
    const std::string command =
        fmt::format("cd '{}' && {} tests/onnx/{} '{}' 2>&1", testing::source_folder().string(),
                    interpreter, script, (folder_ / "manifest.json").string());
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 256> line;
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) text += line.data();
    const int status = WEXITSTATUS(pclose(pipe));
    if (status == 77 || status == 127) GTEST_SKIP() << text;
    EXPECT_EQ(status, 0) << text;
    std::fputs(text.c_str(), stdout);
  }

 private:
  void write_run(const FrameBatch& batch, const std::vector<std::vector<uint8_t>>& pictures) {
    const std::string name = fmt::format("run{}", manifest_["runs"].size());
    std::ofstream frames(folder_ / (name + "-frames"), std::ios::binary);
    for (const auto& picture : pictures) {
      if (what_.input == OnnxInput::uint8) {
        frames.write(reinterpret_cast<const char*>(picture.data()),
                     static_cast<std::streamsize>(picture.size()));
      } else {
        const std::vector<float> values(picture.begin(), picture.end());
        frames.write(reinterpret_cast<const char*>(values.data()),
                     static_cast<std::streamsize>(values.size() * sizeof(float)));
      }
    }
    json run = {{"frames", name + "-frames"},
                {"shape", {batch.size(), batch.height, batch.width, 3}},
                {"outputs", json::array()}};
    std::vector<Expected> members;
    const bool ensemble = what_.members.size() > 1;
    for (const OnnxMember& member : what_.members) {
      members.push_back(expect_of(member, batch));
      const std::string prefix = ensemble ? member.name + "/" : "";
      add_output(name, prefix + "scoremap_logits", members.back().logits, run);
      if (!members.back().heatmaps.empty()) {
        add_output(name, prefix + "heatmaps", members.back().heatmaps, run);
      }
      if (!members.back().locref.empty()) {
        add_output(name, prefix + "locref", members.back().locref, run);
      }
    }
    if (ensemble) add_output(name, "scoremap_logits", mean_consensus(members), run);
    manifest_["runs"].push_back(run);
  }

  void add_output(const std::string& run_name, const std::string& output, const Tensor& values,
                  json& run) {
    const std::string file = fmt::format("{}-output{}", run_name, run["outputs"].size());
    std::ofstream(folder_ / file, std::ios::binary)
        .write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.values().size_bytes()));
    run["outputs"].push_back({{"name", output}, {"shape", values.shape()}, {"file", file}});
  }

  OnnxExport what_;
  fs::path folder_;
  json manifest_;
};

struct Program {
  std::string name, interpreter, script;
  OnnxInput input;
  int num_frames;
};

class OnnxPrograms : public ::testing::TestWithParam<Program> {
 protected:
  /// Odd and even sizes, one after the other in the same file: height and width are dynamic.
  void check(const std::vector<OnnxMember>& members, double limit = 1e-4) {
    ProgramCheck program_check({.members = members, .input = GetParam().input, .metadata = {}},
                               limit);
    program_check.add_run({79, 65}, GetParam().num_frames);
    program_check.add_run({96, 128}, 1);
    program_check.run(GetParam().interpreter, GetParam().script);
  }
  void check(const NetworkSpec& spec, double limit = 1e-4) {
    const Network network = synthetic(spec);
    check({{.graph = &network.graph,
            .weights = &network.weights,
            .name = "m",
            .locref_stdev = 7.2801}},
          limit);
  }
};

TEST_P(OnnxPrograms, AgreeOnAResnet) { check(resnet50()); }

TEST_P(OnnxPrograms, AgreeOnOutputStrideEight) {
  NetworkSpec spec = resnet50();
  spec.output_stride = 8;
  check(spec);
}

TEST_P(OnnxPrograms, AgreeOnHeadsOfStrideFourAndOne) {
  for (const int stride : {4, 1}) {
    NetworkSpec spec = mobilenet(0.5, BatchNormMode::moving);
    spec.deconvolution_stride = stride;
    check(spec);
  }
}

TEST_P(OnnxPrograms, AgreeOnAMobilenetWithStoredStatistics) {
  check(mobilenet(1.0, BatchNormMode::moving));
}

TEST_P(OnnxPrograms, AgreeOnAMobilenetWithFrameStatistics) {
  // Random weights amplify float32 noise in this mode: 7e-5 to 3e-4 between two plain programs.
  check(mobilenet(0.35, BatchNormMode::frame), 1e-3);
}

TEST_P(OnnxPrograms, AgreeOnAnEfficientnet) {
  NetworkSpec spec{.family = NetworkFamily::efficientnet, .efficientnet_number = 0};
  spec.scope = "efficientnet/efficientnet-b0/";
  check(spec);
}

TEST_P(OnnxPrograms, AgreeOnANetworkWithoutLocref) {
  NetworkSpec spec = mobilenet(0.35, BatchNormMode::moving);
  spec.has_locref = false;
  check(spec);
}

TEST_P(OnnxPrograms, AgreeOnAnEnsembleWithItsConsensus) {
  const Network first = synthetic(mobilenet(0.35, BatchNormMode::moving), 1);
  const Network second = synthetic(mobilenet(0.5, BatchNormMode::moving), 2);
  const Network third = synthetic(mobilenet(0.35, BatchNormMode::moving), 3);
  check({{.graph = &first.graph, .weights = &first.weights, .name = "member-1", .locref_stdev = 7},
         {.graph = &second.graph,
          .weights = &second.weights,
          .name = "member-2",
          .columns = {2, 0, 1}},
         {.graph = &third.graph, .weights = &third.weights, .name = "member-3"}});
}

// Trained networks with frame statistics, which do not amplify noise as random weights do.
TEST_P(OnnxPrograms, AgreeOnTheDemoEnsemble) {
  std::vector<Network> networks;
  std::vector<OnnxMember> members;
  for (int m = 1; m <= 2; ++m) {
    const fs::path train =
        testing::source_folder() / "data" / "demo" / fmt::format("member-{}", m) /
        "dlc-models/iteration-0/openarenaNov22-trainset50shuffle1/train/snapshot-5000";
    ASSERT_TRUE(fs::exists(train.string() + ".index")) << train;
    const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(train);
    Network& network = networks.emplace_back();
    network.graph = build_graph(detect_network(checkpoint));
    network.weights = load_weights(network.graph, checkpoint);
  }
  for (const Network& network : networks) {
    members.push_back({.graph = &network.graph,
                       .weights = &network.weights,
                       .name = fmt::format("member-{}", members.size() + 1),
                       .locref_stdev = 7.2801});
  }
  check(members);
}

// OpenCV 4.6 knows neither the operators of opset 17 nor shapes that are computed.
class OnnxRuntime : public OnnxPrograms {};

TEST_P(OnnxRuntime, AgreesOnANetworkOfDeepLabCut3) {
  const Network network = synthetic(deeplabcut3());
  OnnxMember member{.graph = &network.graph, .weights = &network.weights, .name = "m"};
  member.locref_stdev = 7.2801;
  member.meaning = MapMeaning::bump;
  check({member});
  member.columns = {2, 0};
  check({member});
}

TEST_P(OnnxRuntime, AgreesOnANetworkOfLightningPose) {
  const Network network = synthetic(lightning_pose());
  check({{.graph = &network.graph,
          .weights = &network.weights,
          .name = "m",
          .meaning = MapMeaning::spatial_logits}});
}

TEST_P(OnnxRuntime, AgreesOnAnEnsembleOfPyTorchsNetworksWithItsConsensus) {
  const Network first = synthetic(lightning_pose(), 1);
  const Network second = synthetic(lightning_pose(), 2);
  OnnxMember member{.graph = &first.graph, .weights = &first.weights, .name = "member-1"};
  member.meaning = MapMeaning::spatial_logits;
  OnnxMember other{.graph = &second.graph, .weights = &second.weights, .name = "member-2"};
  other.meaning = MapMeaning::spatial_logits;
  check({member, other});
}

/// What googletest prints of a case.
void PrintTo(const Program& program, std::ostream* stream) {
  *stream << program.name;
}  // NOLINT: its name

INSTANTIATE_TEST_SUITE_P(Programs, OnnxPrograms,
                         ::testing::Values(Program{"OnnxRuntime", "scripts/pypi_env.py onnxruntime",
                                                   "check_onnxruntime.py", OnnxInput::uint8, 2},
                                           Program{"OpenCv", "/usr/bin/python3", "check_opencv.py",
                                                   OnnxInput::float32, 1}),
                         [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(Programs, OnnxRuntime,
                         ::testing::Values(Program{"OnnxRuntime", "scripts/pypi_env.py onnxruntime",
                                                   "check_onnxruntime.py", OnnxInput::uint8, 2}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace posse
