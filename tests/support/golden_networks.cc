#include "support/golden_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "base/files.h"
#include "base/npy.h"
#include "support/synthetic_weights.h"

namespace posse::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

NetworkSpec spec_of(const json& entry) {
  const std::string arch = entry.at("arch");
  NetworkSpec spec;
  if (arch.starts_with("resnet_")) {
    spec.resnet_depth = std::stoi(arch.substr(7));
    spec.scope = fmt::format("resnet_v1_{}/", spec.resnet_depth);
  } else if (arch.starts_with("mobilenet_v2_")) {
    spec.family = NetworkFamily::mobilenet_v2;
    spec.mobilenet_width = std::stod(arch.substr(13));
    spec.scope = "MobilenetV2/";
    spec.batch_norm_mode =
        entry.at("batch_norm") == "batch" ? BatchNormMode::frame : BatchNormMode::moving;
  } else {
    spec.family = NetworkFamily::efficientnet;
    spec.efficientnet_number = std::stoi(arch.substr(arch.size() - 1));
    spec.scope = fmt::format("efficientnet/efficientnet-b{}/", spec.efficientnet_number);
  }
  spec.num_bodyparts = entry.at("parts");
  spec.output_stride = entry.value("output_stride", 16);
  return spec;
}

void load_picture(const fs::path& path, GoldenCase& golden) {
  const Tensor picture = read_npy(path);
  golden.frame = {picture.dim(0), picture.dim(1)};
  golden.rgb.resize(static_cast<size_t>(picture.size()));
  std::transform(picture.values().begin(), picture.values().end(), golden.rgb.begin(),
                 [](float v) { return static_cast<uint8_t>(v); });
}

std::vector<float> numbers(const std::string& text) {
  std::istringstream stream(text);
  std::vector<float> values;
  for (std::string word; stream >> word;) values.push_back(std::stof(word));
  return values;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

/// "block1_unit_1" is "block1/unit_1" in the graph.
std::string node_name(std::string name) {
  const size_t unit = name.find("_unit_");
  if (name.starts_with("block") && unit != std::string::npos) name[unit] = '/';
  return name;
}

}  // namespace

GoldenCase load_golden_case(const fs::path& folder, const std::string& name) {
  const json cases = json::parse(read_file(folder / "cases.json"));
  const auto found = std::find_if(cases.begin(), cases.end(),
                                  [&](const json& entry) { return entry.at("name") == name; });
  if (found == cases.end()) throw std::runtime_error("no golden case " + name);
  GoldenCase golden;
  golden.folder = folder / name;
  golden.spec = spec_of(*found);
  SyntheticWeightsOptions options{.seed = found->at("seed")};
  if (!found->at("part_bias").is_null()) {
    options.part_bias = found->at("part_bias").get<std::vector<double>>();
  }
  golden.weights = synthetic_weights(build_graph(golden.spec), options);
  const std::string picture = fs::path(std::string(found->at("input"))).stem().string() + ".npy";
  load_picture(folder.parent_path() / "tf-graph" / "inputs" / picture, golden);
  if (found->contains("tolerance")) {
    golden.direct_limit = found->at("tolerance")[0];
    golden.fast_limit = found->at("tolerance")[1];
  }
  return golden;
}

std::vector<EndpointStatistics> read_endpoints(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  const bool has_op = line.starts_with("name\top\t");
  std::vector<EndpointStatistics> endpoints;
  while (std::getline(stream, line)) {
    std::vector<std::string> fields = split(line, '\t');
    if (has_op) fields.erase(fields.begin() + 1);
    EndpointStatistics endpoint;
    endpoint.name = node_name(fields.at(0));
    for (const std::string& extent : split(fields.at(1), 'x')) {
      endpoint.shape.push_back(std::stoll(extent));
    }
    endpoint.mean = std::stod(fields.at(2));
    endpoint.deviation = std::stod(fields.at(3));
    endpoint.least = std::stod(fields.at(4));
    endpoint.most = std::stod(fields.at(5));
    endpoint.first = numbers(fields.at(6));
    endpoint.last = numbers(fields.at(7));
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

double relative_to_range(std::span<const float> found, std::span<const float> expected) {
  if (found.size() != expected.size()) throw std::runtime_error("arrays of different size");
  const auto [least, most] = std::minmax_element(expected.begin(), expected.end());
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference =
        std::fabs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (!(difference <= largest)) largest = difference;  // NaN is kept
  }
  return largest / (static_cast<double>(*most) - static_cast<double>(*least));
}

}  // namespace posse::testing
