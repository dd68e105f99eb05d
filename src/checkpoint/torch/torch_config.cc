#include "checkpoint/torch/torch_config.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"

namespace posse {
namespace {

constexpr int kMostDepth = 64;
constexpr size_t kMostValues = 10'000;

class TreeWriter {
 public:
  TreeWriter(const TorchPickle& pickle, const std::string& file) : pickle_(pickle), file_(file) {}

  Json value_of(PickleId id, int depth) {
    if (depth > kMostDepth || ++num_values_ > kMostValues) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: its configuration is nested too deeply or too large", file_));
    }
    const PickleNode& node = pickle_.at(id);
    if (const auto* items = pickle_.dict_items(id)) return object_of(*items, depth);
    switch (node.kind) {
      case PickleNode::Kind::boolean:
        return {node.integer != 0};
      case PickleNode::Kind::integer:
        return {node.integer};
      case PickleNode::Kind::real:
        return {node.real};
      case PickleNode::Kind::text:
        return {node.text};
      case PickleNode::Kind::list:
      case PickleNode::Kind::tuple:
        return array_of(node.items, depth);
      default:
        return {};
    }
  }

 private:
  Json object_of(const std::vector<PickleId>& items, int depth) {
    Json object = Json::object();
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleNode& key = pickle_.at(items[i]);
      if (key.kind != PickleNode::Kind::text) continue;
      object[key.text] = value_of(items[i + 1], depth + 1);
    }
    return object;
  }
  Json array_of(const std::vector<PickleId>& items, int depth) {
    Json array = Json::array();
    for (const PickleId item : items) array.push_back(value_of(item, depth + 1));
    return array;
  }

  const TorchPickle& pickle_;
  const std::string& file_;
  size_t num_values_ = 0;
};

}  // namespace

std::string torch_config_text(const TorchPickle& pickle, PickleId root, const std::string& file) {
  return TreeWriter(pickle, file).value_of(root, 0).dump();
}

}  // namespace posse
