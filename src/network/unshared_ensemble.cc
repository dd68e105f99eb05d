#include "network/unshared_ensemble.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"

namespace posse {
namespace {

/// One workspace per member: executors of one backend need not accept each other's.
class UnsharedWorkspace : public Workspace {
 public:
  explicit UnsharedWorkspace(std::vector<std::unique_ptr<Workspace>> members)
      : members_(std::move(members)) {}

  int64_t num_bytes() const override {
    int64_t total = 0;
    for (const auto& member : members_) total += member->num_bytes();
    return total;
  }
  Workspace& of(int member) { return *members_.at(static_cast<size_t>(member)); }

 private:
  std::vector<std::unique_ptr<Workspace>> members_;
};

/// Every member runs from the frames; there are no prefixes.
class UnsharedEnsemble : public EnsembleExecutor {
 public:
  explicit UnsharedEnsemble(std::vector<std::unique_ptr<Executor>> members)
      : members_(std::move(members)) {}

  int num_members() const override { return static_cast<int>(members_.size()); }
  int num_prefixes() const override { return 0; }
  int prefix_of(int /*member*/) const override { return -1; }

  std::unique_ptr<Workspace> make_workspace() const override {
    std::vector<std::unique_ptr<Workspace>> workspaces;
    for (const auto& member : members_) workspaces.push_back(member->make_workspace());
    return std::make_unique<UnsharedWorkspace>(std::move(workspaces));
  }

  std::unique_ptr<PrefixActivations> make_prefix_activations(int prefix) const override {
    throw no_prefix(prefix);
  }
  void run_prefix(int prefix, const FrameBatch& /*batch*/, Workspace& /*workspace*/,
                  PrefixActivations& /*activations*/) const override {
    throw no_prefix(prefix);
  }

  void run(int member, const FrameBatch& batch, const PrefixActivations* /*activations*/,
           bool want_locref, Workspace& workspace, NetworkOutput& output) const override {
    Workspace& own = dynamic_cast<UnsharedWorkspace&>(workspace).of(member);
    members_.at(static_cast<size_t>(member))->run(batch, want_locref, own, output);
  }

  int64_t weight_bytes() const override {
    int64_t total = 0;
    for (const auto& member : members_) total += member->weight_bytes();
    return total;
  }

  ExecutionFacts facts() const override {
    ExecutionFacts all;
    for (const auto& member : members_) {
      ExecutionFacts facts = member->facts();
      facts.golden_error = std::max(facts.golden_error, all.golden_error);
      const bool fewer = all.most_frames > 0 && all.most_frames < facts.most_frames;
      if (facts.most_frames == 0 || fewer) facts.most_frames = all.most_frames;
      all = std::move(facts);
    }
    if (!all.device.empty() && members_.size() > 1) all.graphs = "several";
    return all;
  }

 private:
  static Error no_prefix(int prefix) {
    return {ErrorKind::invalid_value,
            "prefix " + std::to_string(prefix) + " does not exist: this backend shares none"};
  }

  std::vector<std::unique_ptr<Executor>> members_;
};

}  // namespace

std::unique_ptr<EnsembleExecutor> make_unshared_ensemble(
    std::vector<std::unique_ptr<Executor>> members) {
  return std::make_unique<UnsharedEnsemble>(std::move(members));
}

}  // namespace posse
