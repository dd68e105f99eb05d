// Structure of exported files, read back with the reader of checkpoint indexes (both are protobuf).
// What other programs compute from them is tested in onnx_programs_test.cc.
#include "network/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "checkpoint/tensorflow/wire.h"
#include "network/graph_builder.h"
#include "network/protobuf_message.h"
#include "support/errors.h"
#include "support/synthetic_weights.h"

namespace posse {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;

using Bytes = std::span<const uint8_t>;

std::string text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Fields of a message by number, in order.
std::multimap<uint32_t, ProtoField> fields_of(Bytes message) {
  ByteReader reader(message, "model.onnx", 0);
  std::multimap<uint32_t, ProtoField> fields;
  while (const auto field = next_field(reader)) fields.emplace(field->number, *field);
  return fields;
}

const ProtoField& only(const std::multimap<uint32_t, ProtoField>& fields, uint32_t number) {
  POSSE_ASSERT(fields.count(number) == 1);
  return fields.find(number)->second;
}

struct ReadModel {
  explicit ReadModel(const fs::path& path) : file(read_file(path)) {
    const auto model = fields_of(bytes_of(file));
    ir_version = only(model, 1).value;
    const auto opset = fields_of(only(model, 8).bytes);
    opset_version = only(opset, 2).value;
    for (auto [at, end] = model.equal_range(14); at != end; ++at) {
      const auto entry = fields_of(at->second.bytes);
      metadata[text(only(entry, 1).bytes)] = text(only(entry, 2).bytes);
    }
    const auto graph = fields_of(only(model, 7).bytes);
    for (auto [at, end] = graph.equal_range(1); at != end; ++at) {
      const auto node = fields_of(at->second.bytes);
      op_of_node[text(only(node, 2).bytes)] = text(only(node, 4).bytes);
    }
    for (auto [at, end] = graph.equal_range(5); at != end; ++at) {
      const auto tensor = fields_of(at->second.bytes);
      const Bytes raw = only(tensor, 9).bytes;
      std::vector<float> values(raw.size() / sizeof(float));
      std::memcpy(values.data(), raw.data(), values.size() * sizeof(float));
      constants[text(only(tensor, 8).bytes)] = values;
    }
    for (auto [at, end] = graph.equal_range(12); at != end; ++at) {
      outputs.push_back(text(only(fields_of(at->second.bytes), 1).bytes));
    }
  }

  std::string file;
  uint64_t ir_version = 0, opset_version = 0;
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::string> op_of_node;
  std::map<std::string, std::vector<float>> constants;
  std::vector<std::string> outputs;
};

/// conv 3x3 to 2 channels, batch norm, ReLU6; heads for 2 bodyparts.
Graph small_graph(BatchNormMode mode) {
  GraphBuilder builder;
  const NodeId conv =
      builder.conv2d("conv", builder.input(), 2, {.kernel = 3, .stride = 2}, "c/weights");
  const NodeId norm = builder.batch_norm("norm", conv, "n", {.epsilon = 1, .mode = mode});
  const NodeId last = builder.activation("last", norm, Activation::relu6);
  builder.graph().scoremap_logits = builder.conv2d_transpose(
      "part_pred", last, 2, 3, 2, "pose/part_pred/block4/weights", "pose/part_pred/block4/biases");
  builder.graph().locref =
      builder.conv2d_transpose("locref_pred", last, 4, 3, 2, "pose/locref_pred/block4/weights",
                               "pose/locref_pred/block4/biases");
  return builder.take();
}

class OnnxFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("onnx_file_") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  ReadModel written(const OnnxExport& what) {
    write_onnx(what, folder_ / "model.onnx");
    return ReadModel(folder_ / "model.onnx");
  }

  static OnnxMember member(const Graph& graph, const Weights& weights, const std::string& name) {
    return {.graph = &graph, .weights = &weights, .name = name, .locref_stdev = 7, .columns = {}};
  }

  fs::path folder_;
};

TEST_F(OnnxFile, FoldsStoredBatchNormsIntoTheConvolution) {
  const Graph graph = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(graph);
  const ReadModel model = written({.members = {member(graph, weights, "m")}, .metadata = {}});
  EXPECT_EQ(model.op_of_node.at("conv"), "Conv");
  EXPECT_EQ(model.op_of_node.count("norm"), 0U);
  EXPECT_EQ(model.op_of_node.at("last"), "Clip");
  const auto value = [&](const std::string& name, size_t i) {
    return static_cast<double>(weights.at(name).values()[i]);
  };
  for (size_t c = 0; c < 2; ++c) {
    const double scale = value("n/gamma", c) / std::sqrt(value("n/moving_variance", c) + 1);
    EXPECT_EQ(model.constants.at("conv/bias")[c],
              static_cast<float>(value("n/beta", c) - value("n/moving_mean", c) * scale));
    // Ours: [kh, kw, in, out]; ONNX: [out, in, kh, kw]. Tap (1, 2) of input channel 1.
    EXPECT_EQ(model.constants.at("conv/weights")[(c * 3 + 1) * 9 + 5],
              static_cast<float>(value("c/weights", (5 * 3 + 1) * 2 + c) * scale));
  }
}

TEST_F(OnnxFile, KeepsFrameStatisticsAsInstanceNormalization) {
  const Graph graph = small_graph(BatchNormMode::frame);
  const Weights weights = testing::synthetic_weights(graph);
  const ReadModel model = written({.members = {member(graph, weights, "m")}, .metadata = {}});
  EXPECT_EQ(model.op_of_node.at("norm"), "InstanceNormalization");
  EXPECT_EQ(model.constants.count("conv/bias"), 0U);
}

TEST_F(OnnxFile, StatisticsOfABatchAreRefused) {
  const Graph graph = small_graph(BatchNormMode::batch);
  const Weights weights = testing::synthetic_weights(graph);
  const Error error = testing::error_of(
      [&] { written({.members = {member(graph, weights, "m")}, .metadata = {}}); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_NE(error.notes().hint.find("--batch-norm"), std::string::npos);
}

TEST_F(OnnxFile, InMemoryAreTheBytesOfTheFileAndStatisticsOfABatchAreForRuntimesOnly) {
  const Graph stored = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(stored);
  OnnxExport what{.members = {member(stored, weights, "m")}, .metadata = {}};
  write_onnx(what, folder_ / "model.onnx");
  EXPECT_EQ(onnx_bytes(what), read_file(folder_ / "model.onnx"));
  const Graph over_batch = small_graph(BatchNormMode::batch);
  what.members.front().graph = &over_batch;
  EXPECT_THROW(onnx_bytes(what), Error);
  what.for_runtime = true;
  EXPECT_NE(onnx_bytes(what).find("InstanceNormalization"), std::string::npos);
}

TEST_F(OnnxFile, SaysWhatItIs) {
  const Graph graph = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(graph);
  const ReadModel model = written({.members = {member(graph, weights, "m")},
                                   .metadata = {{"bodyparts", "[\"nose\"]"}, {"stride", "8"}}});
  EXPECT_EQ(model.ir_version, 5U);
  EXPECT_EQ(model.opset_version, 10U);
  EXPECT_THAT(model.metadata, ElementsAre(Pair("bodyparts", "[\"nose\"]"), Pair("stride", "8")));
  EXPECT_THAT(model.outputs, ElementsAre("scoremap_logits", "locref"));
  EXPECT_EQ(model.op_of_node.at("frames_float"), "Cast");
}

TEST_F(OnnxFile, FloatInputNeedsNoCast) {
  const Graph graph = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(graph);
  const ReadModel model = written(
      {.members = {member(graph, weights, "m")}, .input = OnnxInput::float32, .metadata = {}});
  EXPECT_THAT(model.op_of_node, Not(Contains(Pair("frames_float", "Cast"))));
}

TEST_F(OnnxFile, WithoutLocrefHasOneOutput) {
  Graph graph = small_graph(BatchNormMode::moving);
  graph.locref = -1;
  const Weights weights = testing::synthetic_weights(graph);
  EXPECT_THAT(written({.members = {member(graph, weights, "m")}, .metadata = {}}).outputs,
              ElementsAre("scoremap_logits"));
}

TEST_F(OnnxFile, AnEnsembleHasTheConsensusFirstAndEveryMember) {
  const Graph graph = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(graph);
  OnnxMember swapped = member(graph, weights, "b");
  swapped.columns = {1, 0};
  const ReadModel model =
      written({.members = {member(graph, weights, "a"), swapped}, .metadata = {}});
  EXPECT_THAT(model.outputs, ElementsAre("scoremap_logits", "a/scoremap_logits", "a/locref",
                                         "b/scoremap_logits", "b/locref"));
  const auto bias = weights.at("pose/part_pred/block4/biases").values();
  EXPECT_THAT(model.constants.at("b/part_pred/bias"), ElementsAre(bias[1], bias[0]));
  const auto locref = weights.at("pose/locref_pred/block4/biases").values();
  EXPECT_THAT(model.constants.at("b/locref_pred/bias"),
              ElementsAre(locref[2], locref[3], locref[0], locref[1]));
}

/// Resized frames, a norm of groups, channels spread over four cells.
Graph torch_graph() {
  GraphBuilder builder;
  const NodeId resized = builder.resize("resize", builder.input(), {32, 32});
  const NodeId conv = builder.conv2d("conv", resized, 8, {.kernel = 3}, "c.weight");
  const NodeId norm = builder.torch_group_norm("norm", conv, "n", 4, 1e-5);
  const NodeId spread = builder.pixel_shuffle("spread", norm, 2);
  builder.graph().scoremap_logits =
      builder.conv2d_transpose("head", spread, 2, 3, 2, "h.weight", "h.bias");
  return builder.take();
}

TEST_F(OnnxFile, NetworksOfPyTorchHaveTheirOperatorsAndTheToolsOwnMaps) {
  const Graph graph = torch_graph();
  const Weights weights = testing::synthetic_weights(graph);
  OnnxMember torch = member(graph, weights, "m");
  torch.meaning = MapMeaning::spatial_logits;
  const ReadModel model = written({.members = {torch}, .metadata = {}});
  EXPECT_EQ(model.opset_version, 17U);
  EXPECT_EQ(model.ir_version, 8U);
  EXPECT_EQ(model.op_of_node.at("resize"), "Resize");
  EXPECT_EQ(model.op_of_node.at("norm/normed"), "InstanceNormalization");
  EXPECT_EQ(model.op_of_node.at("spread"), "DepthToSpace");
  EXPECT_THAT(model.outputs, ElementsAre("scoremap_logits", "heatmaps"));
}

/// Kind of the error an export of these members gives.
ErrorKind refusal(const std::vector<OnnxMember>& members, const fs::path& path) {
  try {
    write_onnx({.members = members, .metadata = {}}, path);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::interrupted;
}

TEST_F(OnnxFile, RefusesMembersThatDoNotFit) {
  const Graph graph = small_graph(BatchNormMode::moving);
  const Weights weights = testing::synthetic_weights(graph);
  const OnnxMember whole = member(graph, weights, "a");
  const fs::path path = folder_ / "model.onnx";
  EXPECT_EQ(refusal({}, path), ErrorKind::invalid_value);
  OnnxMember other = member(graph, weights, "b");
  other.columns = {0};
  EXPECT_EQ(refusal({whole, other}, path), ErrorKind::shape_mismatch);
  other.columns = {0, 2};
  EXPECT_EQ(refusal({whole, other}, path), ErrorKind::invalid_value);
  Graph finer = small_graph(BatchNormMode::moving);
  finer.stride = 4;
  EXPECT_EQ(refusal({whole, member(finer, weights, "b")}, path), ErrorKind::unsupported);
  const Graph resized = torch_graph();  // of the same strides, but maps of one size for any frame
  const Weights its_weights = testing::synthetic_weights(resized);
  EXPECT_EQ(refusal({whole, member(resized, its_weights, "b")}, path), ErrorKind::unsupported);
  const Weights none;
  EXPECT_EQ(refusal({member(graph, none, "a")}, path), ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(path));
}

TEST(ProtobufMessage, EncodesAsTheFormatSays) {
  ProtobufMessage message;
  message.add_int(1, 150);  // the example of the format's own documentation: 08 96 01
  EXPECT_EQ(message.bytes(), std::string("\x08\x96\x01"));
  ProtobufMessage outer;
  outer.add_bytes(2, "testing");
  outer.add_message(3, message);
  EXPECT_EQ(outer.bytes(), std::string("\x12\x07testing\x1a\x03\x08\x96\x01"));
  ProtobufMessage numbers;
  numbers.add_int(1, -1);  // ten bytes
  numbers.add_float(2, 1.0F);
  EXPECT_EQ(numbers.bytes(), std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                         "\x15\x00\x00\x80\x3f",
                                         16));
}

}  // namespace
}  // namespace posse
