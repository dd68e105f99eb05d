#include "network/backends/cpu/cpu_backend.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "network/backends/cpu/ensemble.h"
#include "network/backends/cpu/lowering.h"

namespace posse {
namespace cpu {
namespace {

class CpuExecutor : public Executor {
 public:
  explicit CpuExecutor(std::unique_ptr<CpuNetwork> network) : network_(std::move(network)) {}

  std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<CpuWorkspace>();
  }
  void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
           NetworkOutput& output) const override {
    run_timed(batch, want_locref, workspace, output, nullptr);
  }
  void run_timed(const FrameBatch& batch, bool want_locref, Workspace& workspace,
                 NetworkOutput& output, std::vector<LayerTime>* times) const {
    network_->run(batch, want_locref, nullptr, nullptr, &output,
                  dynamic_cast<CpuWorkspace&>(workspace), times);
  }
  int64_t weight_bytes() const override { return network_->weight_bytes(); }

 private:
  std::unique_ptr<CpuNetwork> network_;
};

class CpuBackend : public Backend {
 public:
  explicit CpuBackend(const Machine& machine) : machine_(machine) {}

  std::string_view name() const override { return "cpu"; }
  std::optional<std::string> why_unavailable() const override { return std::nullopt; }

  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& options) const override {
    return std::make_unique<CpuExecutor>(
        std::make_unique<CpuNetwork>(graph, lower(graph, weights), machine_, options));
  }
  std::unique_ptr<EnsembleExecutor> compile_ensemble(std::span<const EnsembleMember> members,
                                                     const BackendOptions& options) const override {
    return make_ensemble(members, machine_, options);
  }

 private:
  Machine machine_;
};

}  // namespace

const Backend* cpu_backend_with(InstructionSet set) {
  if (kernels_for(set) == nullptr) return nullptr;
  static const CpuBackend generic(machine_with(InstructionSet::baseline));
  if (set == InstructionSet::baseline) return &generic;
  if (set == InstructionSet::avx2) {
    static const CpuBackend avx2(machine_with(InstructionSet::avx2));
    return &avx2;
  }
  static const CpuBackend avx512(machine_with(InstructionSet::avx512));
  return &avx512;
}

void run_timed(const Executor& executor, const FrameBatch& batch, bool want_locref,
               Workspace& workspace, NetworkOutput& output, std::vector<LayerTime>& times) {
  dynamic_cast<const CpuExecutor&>(executor).run_timed(batch, want_locref, workspace, output,
                                                       &times);
}

}  // namespace cpu

const Backend& cpu_backend() {
  static const cpu::CpuBackend backend(cpu::this_machine());
  return backend;
}

}  // namespace posse
