#include "network/backends/onnxruntime/one_graph.h"

#include <algorithm>
#include <vector>

namespace posse::ort {
namespace {

/// Every member's maps of a batch.
class MapsOfAll : public PrefixActivations, public Workspace {
 public:
  explicit MapsOfAll(size_t num_members) : outputs(num_members) {}
  int64_t num_bytes() const override {
    int64_t count = 0;
    for (const NetworkOutput& output : outputs)
      count += output.scoremap_logits.size() + output.locref.size();
    return (binding ? binding->num_bytes() : 0) + count * static_cast<int64_t>(sizeof(float));
  }
  std::unique_ptr<Binding> binding;
  std::vector<NetworkOutput> outputs;
};

void copy_to(const Tensor& from, Tensor& to) {
  if (to.shape() != from.shape()) to = Tensor(from.shape());
  std::copy(from.values().begin(), from.values().end(), to.values().begin());
}

class MemberOfOneGraph : public Executor {
 public:
  MemberOfOneGraph(const OneGraph& ensemble, int member) : ensemble_(ensemble), member_(member) {}
  std::unique_ptr<Workspace> make_workspace() const override { return ensemble_.make_workspace(); }
  void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
           NetworkOutput& output) const override {
    ensemble_.run(member_, batch, nullptr, want_locref, workspace, output);
  }
  int64_t weight_bytes() const override { return ensemble_.weight_bytes(); }

 private:
  const OneGraph& ensemble_;
  int member_;
};

}  // namespace

std::unique_ptr<Workspace> OneGraph::make_workspace() const {
  return std::make_unique<MapsOfAll>(runner_.num_graphs());
}

std::unique_ptr<PrefixActivations> OneGraph::make_prefix_activations(int /*prefix*/) const {
  return std::make_unique<MapsOfAll>(runner_.num_graphs());
}

void OneGraph::run_prefix(int /*prefix*/, const FrameBatch& batch, Workspace& /*workspace*/,
                          PrefixActivations& activations) const {
  auto& maps = dynamic_cast<MapsOfAll&>(activations);
  runner_.run(batch, true, maps.binding, maps.outputs);
}

void OneGraph::run(int member, const FrameBatch& batch, const PrefixActivations* activations,
                   bool want_locref, Workspace& workspace, NetworkOutput& output) const {
  auto& own = dynamic_cast<MapsOfAll&>(workspace);
  if (activations == nullptr) run_prefix(0, batch, workspace, own);
  const auto& all = activations == nullptr ? own : dynamic_cast<const MapsOfAll&>(*activations);
  const NetworkOutput& maps = all.outputs.at(static_cast<size_t>(member));
  copy_to(maps.scoremap_logits, output.scoremap_logits);
  if (want_locref) {
    copy_to(maps.locref, output.locref);
  } else {
    output.locref = Tensor();
  }
}

ExecutionFacts OneGraph::facts() const {
  ExecutionFacts facts = runner_.facts();
  facts.golden_error = golden_error_;
  facts.graphs = "one";
  return facts;
}

std::unique_ptr<Executor> member_of(const OneGraph& ensemble, int member) {
  return std::make_unique<MemberOfOneGraph>(ensemble, member);
}

}  // namespace posse::ort
