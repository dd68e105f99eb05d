/// Networks in ONNX Runtime as executors: batches of any size, on what memory the device has.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "network/backend.h"
#include "network/backends/onnxruntime/session.h"

namespace posse::ort {

/// Networks of one session, ready to run.
struct OrtNetwork {
  /// One: its outputs are named as they are. Several, which see the same frames: behind the names
  /// that member_name() gives.
  std::vector<Graph> graphs;
  std::unique_ptr<OrtSession> session;
  SessionSettings settings;
  int64_t weight_bytes = 0;
  /// The library's file, for records.
  std::string library;
};

/// "member-2": a network among several of a session.
std::string member_name(size_t number);

/// Batches of any size through a session.
class OrtRunner {
 public:
  /// @param fixed_batch  frames of every call with more than one, which is filled up: devices
  /// choose and keep algorithms by that number. 0: calls have the frames there are, as they have
  /// for networks that look at all frames of a call
  OrtRunner(OrtNetwork network, int fixed_batch);

  /// Where the device's memory is full, with half as many frames at a time from then on, down to
  /// one; results do not depend on that.
  /// @param binding  memory of an earlier call, or empty  @param outputs  one for each graph
  /// @throws Error(device_memory) where a single frame does not fit, or where the networks look at
  /// all frames of a call
  void run(const FrameBatch& batch, bool want_locref, std::unique_ptr<Binding>& binding,
           std::span<NetworkOutput> outputs) const;
  size_t num_graphs() const { return network_.graphs.size(); }
  int64_t weight_bytes() const { return network_.weight_bytes; }
  ExecutionFacts facts() const;

 private:
  /// Frames [first, first + count) of the batch.
  void run_piece(const FrameBatch& batch, int64_t first, int64_t count,
                 std::unique_ptr<Binding>& binding, std::span<NetworkOutput> outputs) const;
  BindingShape shape_of(Shape frames, std::span<const NetworkOutput> outputs) const;
  int64_t most_frames_at_once(int64_t count) const;
  int64_t frames_of_call(int64_t count) const;
  /// @param used  frames of the call that failed. @return false where it was one
  bool halve(int64_t used) const;

  OrtNetwork network_;
  int64_t fixed_batch_;
  bool looks_at_all_ = false;
  static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
  mutable std::atomic<int64_t> most_frames_{kNoLimit};  ///< that the device's memory holds
};

/// One network.
class OrtExecutor : public Executor {
 public:
  OrtExecutor(OrtNetwork network, int fixed_batch) : runner_(std::move(network), fixed_batch) {}

  std::unique_ptr<Workspace> make_workspace() const override;
  void run(const FrameBatch& batch, bool want_locref, Workspace& workspace,
           NetworkOutput& output) const override;
  int64_t weight_bytes() const override { return runner_.weight_bytes(); }
  ExecutionFacts facts() const override;
  void set_golden_error(double error) { golden_error_ = error; }

 private:
  OrtRunner runner_;
  double golden_error_ = 0;
};

}  // namespace posse::ort
