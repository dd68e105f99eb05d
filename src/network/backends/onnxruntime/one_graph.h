/// All members of an ensemble as one graph in one session.
#pragma once

#include <memory>
#include <utility>

#include "network/backend.h"
#include "network/backends/onnxruntime/ort_executor.h"

namespace posse::ort {

/// The members share a "prefix" that is all of them: run_prefix() computes every member's maps, and
/// run() gives out what belongs to one. Without a prefix, run() computes all for one.
class OneGraph : public EnsembleExecutor {
 public:
  OneGraph(OrtNetwork network, int fixed_batch) : runner_(std::move(network), fixed_batch) {}

  int num_members() const override { return static_cast<int>(runner_.num_graphs()); }
  int num_prefixes() const override { return 1; }
  int prefix_of(int /*member*/) const override { return 0; }
  std::unique_ptr<Workspace> make_workspace() const override;
  std::unique_ptr<PrefixActivations> make_prefix_activations(int prefix) const override;
  void run_prefix(int prefix, const FrameBatch& batch, Workspace& workspace,
                  PrefixActivations& activations) const override;
  void run(int member, const FrameBatch& batch, const PrefixActivations* activations,
           bool want_locref, Workspace& workspace, NetworkOutput& output) const override;
  int64_t weight_bytes() const override { return runner_.weight_bytes(); }
  ExecutionFacts facts() const override;
  void set_golden_error(double error) { golden_error_ = error; }

 private:
  OrtRunner runner_;
  double golden_error_ = 0;
};

/// A member of it, each time computed with all others: for trial frames. `ensemble` outlives it.
std::unique_ptr<Executor> member_of(const OneGraph& ensemble, int member);

}  // namespace posse::ort
