#include "network/backends/cpu/arena.h"

#include <algorithm>

namespace posse::cpu {
namespace {

struct Span {
  int64_t begin = 0, end = 0;  // floats
  int first = 0, last = 0;     // steps, inclusive
};

int64_t lowest_free(const std::vector<Span>& taken, int64_t size, int first, int last) {
  std::vector<Span> rivals;
  for (const Span& span : taken) {
    if (span.first <= last && first <= span.last) rivals.push_back(span);
  }
  std::sort(rivals.begin(), rivals.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  int64_t at = 0;
  for (const Span& rival : rivals) {
    if (at + size <= rival.begin) break;
    at = std::max(at, rival.end);
  }
  return at;
}

class ArenaPlanner {
 public:
  ArenaPlanner(const Program& program, const ArenaRequest& request)
      : program_(program), request_(request), last_(last_live_uses()) {
    plan_.values.resize(program.values.size());
    plan_.shares_residual.resize(program.steps.size(), false);
    span_of_.resize(program.values.size(), -1);
  }

  ArenaPlan run() {
    for (int i = 0; i < static_cast<int>(program_.steps.size()); ++i) {
      if (!request_.live[static_cast<size_t>(i)]) continue;
      const Step& step = program_.steps[static_cast<size_t>(i)];
      if (!share_residual(step, i)) place(step.output, i);
      place(step.statistics, i);
    }
    return std::move(plan_);
  }

 private:
  std::vector<int> last_live_uses() const {
    std::vector<int> last(program_.values.size(), -1);
    for (size_t i = 0; i < program_.steps.size(); ++i) {
      if (!request_.live[i]) continue;
      for (const ValueId v : values_read(program_.steps[i])) {
        last[static_cast<size_t>(v)] = static_cast<int>(i);
      }
    }
    return last;
  }

  bool is_callers(ValueId v) const { return v == program_.entry || v == program_.exit; }

  /// Written and read by frame-by-frame steps only.
  bool is_per_frame(ValueId v, int written) const {
    return written < request_.frame_major_end &&
           last_[static_cast<size_t>(v)] < request_.frame_major_end;
  }

  bool share_residual(const Step& step, int i) {
    if (step.kind != StepKind::convolution || step.residual < 0 || is_callers(step.output) ||
        is_callers(step.residual) || last_[static_cast<size_t>(step.residual)] != i ||
        step.residual == step.input) {
      return false;
    }
    const auto from = static_cast<size_t>(step.residual), to = static_cast<size_t>(step.output);
    const bool per_frame = is_per_frame(step.output, i);
    if (per_frame != (plan_.values[from].frame_stride == 0)) return false;
    plan_.values[to] = plan_.values[from];
    span_of_[to] = span_of_[from];
    spans_[static_cast<size_t>(span_of_[to])].last = std::max(i, last_[to]);
    return plan_.shares_residual[static_cast<size_t>(i)] = true;
  }

  void place(ValueId v, int i) {
    if (v < 0 || is_callers(v)) return;
    const auto index = static_cast<size_t>(v);
    constexpr int64_t kLine = 16;  // floats of 64 bytes
    const int64_t frame = (request_.frame_floats[index] + kLine - 1) / kLine * kLine;
    const bool per_frame = is_per_frame(v, i);
    const int64_t size = per_frame ? frame : frame * request_.num_frames;
    const int last = std::max(i, last_[index]);
    // Frame by frame, every step runs again for the next frame after the last step of the segment:
    // a value that the whole batch keeps must not lie where such a step writes.
    const int first = !per_frame && i < request_.frame_major_end ? 0 : i;
    const int64_t begin = lowest_free(spans_, size, first, last);
    span_of_[index] = static_cast<int>(spans_.size());
    spans_.push_back({begin, begin + size, first, last});
    plan_.values[index] = {begin, per_frame ? 0 : frame};
    plan_.num_floats = std::max(plan_.num_floats, begin + size);
  }

  const Program& program_;
  const ArenaRequest& request_;
  std::vector<int> last_;
  ArenaPlan plan_;
  std::vector<Span> spans_;
  std::vector<int> span_of_;  // by value
};

}  // namespace

ArenaPlan plan_arena(const Program& program, const ArenaRequest& request) {
  return ArenaPlanner(program, request).run();
}

}  // namespace posse::cpu
