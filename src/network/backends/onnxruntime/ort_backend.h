/// One device of one library of ONNX Runtime as a backend.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network/backend.h"
#include "network/backends/onnxruntime/one_graph.h"

namespace posse::ort {

class OrtBackend : public Backend {
 public:
  OrtBackend(std::filesystem::path library, Device device, Precision precision = Precision::fp32)
      : library_(std::move(library)), device_(device), precision_(precision) {}

  std::string_view name() const override { return "onnxruntime"; }
  std::string numerics() const override;
  std::shared_ptr<const Backend> in_full_precision() const override {
    if (precision_ == Precision::fp32) return nullptr;
    return std::make_shared<OrtBackend>(library_, device_);
  }
  std::optional<std::string> why_unavailable() const override;
  bool suits_every_size(bool /*tune*/) const override { return is_processor(); }
  /// One caller where the library has threads of its own on the processor. Two for a device: while
  /// it computes the frames of one, the other's are copied and its maps are read.
  ExecutionPlan plan(const PlanRequest& request) const override;
  std::unique_ptr<Executor> compile(const Graph& graph, const Weights& weights,
                                    const BackendOptions& options) const override;
  std::unique_ptr<EnsembleExecutor> compile_ensemble(std::span<const EnsembleMember> members,
                                                     const BackendOptions& options) const override;

 private:
  bool is_processor() const { return device_.kind->word == "cpu"; }
  int fixed_batch(const BackendOptions& options) const {
    return is_processor() ? 0 : options.batch_size;
  }
  /// A session of one or several members.
  OrtNetwork network_of(std::vector<EnsembleMember> members, const BackendOptions& options) const;
  void try_batch(const Executor& executor, const BackendOptions& options) const;
  std::unique_ptr<OneGraph> compile_one(std::span<const EnsembleMember> members,
                                        const BackendOptions& options) const;
  std::unique_ptr<EnsembleExecutor> compile_faster(std::span<const EnsembleMember> members,
                                                   const BackendOptions& options) const;
  std::string choice_key(std::span<const EnsembleMember> members,
                         const BackendOptions& options) const;

  std::filesystem::path library_;
  Device device_;
  Precision precision_;
};

}  // namespace posse::ort
