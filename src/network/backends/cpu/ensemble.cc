#include "network/backends/cpu/ensemble.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "network/backends/cpu/lowering.h"
#include "network/backends/cpu/network.h"

namespace posse::cpu {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

/// Names do not matter: what is computed does.
bool same_step(const Step& a, const Step& b) {
  const auto numbers = [](const Step& s) {
    return std::tuple(s.kind, s.input, s.residual, s.affine, s.output, s.statistics,
                      s.input_activation, s.activation, s.kernel, s.stride, s.dilation, s.padding,
                      s.channels, s.weights_in, s.epsilon, s.over_batch, s.head, s.group_channels,
                      s.resized.height, s.resized.width, s.antialias, s.parts);
  };
  return numbers(a) == numbers(b) && a.weights.shape() == b.weights.shape() &&
         same_bits(a.weights.values(), b.weights.values()) && same_bits(a.bias, b.bias) &&
         same_bits(a.scale, b.scale) && same_bits(a.gamma, b.gamma) && same_bits(a.beta, b.beta);
}

bool same_value(const Value& a, const Value& b) {
  return a.kind == b.kind && a.channels == b.channels && a.node == b.node;
}

int common_steps(const Program& a, const Program& b) {
  const size_t most = std::min(a.steps.size(), b.steps.size());
  size_t n = 0;
  const auto same_output = [&](ValueId v) {
    return v < 0 || same_value(a.values[index(v)], b.values[index(v)]);
  };
  while (n < most && same_step(a.steps[n], b.steps[n]) && same_output(a.steps[n].output) &&
         same_output(a.steps[n].statistics)) {
    ++n;
  }
  return static_cast<int>(n);
}

/// The one value that later steps read of the first `num_steps`, which is a map; else -1.
ValueId boundary_value(const Program& program, int num_steps) {
  std::vector<bool> made(program.values.size(), false);
  for (int i = 0; i < num_steps; ++i) {
    const Step& step = program.steps[index(i)];
    if (step.head != Head::none) return -1;
    for (const ValueId v : {step.output, step.statistics}) {
      if (v >= 0) made[index(v)] = true;
    }
  }
  ValueId boundary = -1;
  for (size_t i = index(num_steps); i < program.steps.size(); ++i) {
    for (const ValueId v : values_read(program.steps[i])) {
      if (!made[index(v)] || v == boundary) continue;
      if (boundary >= 0) return -1;
      boundary = v;
    }
  }
  if (boundary < 0 || program.values[index(boundary)].kind != Value::Kind::map) return -1;
  return boundary;
}

/// Multiplications of the first `num_steps`.
double work(const Graph& graph, const Program& program, int num_steps, Extent usual) {
  const std::vector<Extent> extents = node_extents(graph, usual);
  double sum = 0;
  for (int i = 0; i < num_steps; ++i) {
    const Step& step = program.steps[index(i)];
    if (step.output < 0) continue;
    const Extent out = extents[index(program.values[index(step.output)].node)];
    const double cells = static_cast<double>(out.height * out.width);
    const double per_cell = step.weights.empty() ? static_cast<double>(step.channels)
                                                 : static_cast<double>(step.weights.size());
    sum += cells * per_cell;
  }
  return sum;
}

/// The first `num_steps` steps, moved out of `program`.
Program take_prefix(Program& program, int num_steps, ValueId exit) {
  Program prefix;
  prefix.values = program.values;
  prefix.exit = exit;
  for (int i = 0; i < num_steps; ++i) prefix.steps.push_back(std::move(program.steps[index(i)]));
  return prefix;
}

/// The steps after them.
Program take_suffix(Program& program, int num_steps, ValueId entry) {
  Program suffix;
  suffix.values = program.values;
  suffix.entry = entry;
  for (size_t i = index(num_steps); i < program.steps.size(); ++i) {
    suffix.steps.push_back(std::move(program.steps[i]));
  }
  return suffix;
}

/// A member is its suffix after its group's prefix, or a whole network.
class CpuEnsemble : public EnsembleExecutor {
 public:
  struct Member {
    int prefix = -1;
    std::unique_ptr<CpuNetwork> network;
  };
  CpuEnsemble(std::vector<std::unique_ptr<CpuNetwork>> prefixes, std::vector<Member> members)
      : prefixes_(std::move(prefixes)), members_(std::move(members)) {}

  int num_members() const override { return static_cast<int>(members_.size()); }
  int num_prefixes() const override { return static_cast<int>(prefixes_.size()); }
  int prefix_of(int member) const override { return members_.at(index(member)).prefix; }

  std::unique_ptr<Workspace> make_workspace() const override {
    return std::make_unique<CpuWorkspace>();
  }
  std::unique_ptr<PrefixActivations> make_prefix_activations(int /*prefix*/) const override {
    return std::make_unique<CpuPrefixActivations>();
  }

  void run_prefix(int prefix, const FrameBatch& batch, Workspace& workspace,
                  PrefixActivations& activations) const override {
    prefixes_.at(index(prefix))
        ->run(batch, false, nullptr, &dynamic_cast<CpuPrefixActivations&>(activations), nullptr,
              dynamic_cast<CpuWorkspace&>(workspace));
  }

  void run(int member, const FrameBatch& batch, const PrefixActivations* activations,
           bool want_locref, Workspace& workspace, NetworkOutput& output) const override {
    const Member& m = members_.at(index(member));
    auto& own = dynamic_cast<CpuWorkspace&>(workspace);
    if (m.prefix < 0) {
      return m.network->run(batch, want_locref, nullptr, nullptr, &output, own);
    }
    CpuPrefixActivations made_here;
    if (activations == nullptr) {
      run_prefix(m.prefix, batch, workspace, made_here);
      activations = &made_here;
    }
    m.network->run(batch, want_locref, &dynamic_cast<const CpuPrefixActivations&>(*activations),
                   nullptr, &output, own);
  }

  int64_t weight_bytes() const override {
    int64_t total = 0;
    for (const auto& prefix : prefixes_) total += prefix->weight_bytes();
    for (const Member& member : members_) total += member.network->weight_bytes();
    return total;
  }

 private:
  std::vector<std::unique_ptr<CpuNetwork>> prefixes_;
  std::vector<Member> members_;
};

/// Members of `left` that share at least `num_steps` steps with `member`, itself included.
std::vector<int> sharers(const std::vector<std::vector<int>>& common, const std::vector<int>& left,
                         int member, int num_steps) {
  std::vector<int> found;
  for (const int other : left) {
    if (other == member || common[index(member)][index(other)] >= num_steps) found.push_back(other);
  }
  return found;
}

}  // namespace

std::vector<PrefixGroup> find_shared_prefixes(std::span<const Graph* const> graphs,
                                              std::span<const Program> programs, Extent usual) {
  const int n = static_cast<int>(programs.size());
  std::vector<std::vector<int>> common(index(n), std::vector<int>(index(n), 0));
  std::vector<int> left;
  for (int a = 0; a < n; ++a) {
    left.push_back(a);
    for (int b = 0; b < a; ++b) {
      // Extents and the input's constants belong to what is shared.
      const Graph &first = *graphs[index(a)], &second = *graphs[index(b)];
      const bool same_input =
          first.mean_pixel == second.mean_pixel && first.input_scale == second.input_scale;
      common[index(a)][index(b)] = common[index(b)][index(a)] =
          same_input ? common_steps(programs[index(a)], programs[index(b)]) : 0;
    }
  }
  std::vector<PrefixGroup> groups;
  while (left.size() > 1) {
    PrefixGroup best;
    double most_saved = 0;
    for (const int member : left) {
      const Program& program = programs[index(member)];
      for (int steps = 1; steps < static_cast<int>(program.steps.size()); ++steps) {
        const std::vector<int> group = sharers(common, left, member, steps);
        const ValueId boundary = boundary_value(program, steps);
        const bool all_agree = std::all_of(group.begin(), group.end(), [&](int other) {
          return boundary_value(programs[index(other)], steps) == boundary;
        });
        if (group.size() < 2 || boundary < 0 || !all_agree) continue;
        const double saved = static_cast<double>(group.size() - 1) *
                             work(*graphs[index(member)], program, steps, usual);
        if (saved > most_saved) {
          most_saved = saved;
          best = {group, steps};
        }
      }
    }
    if (best.members.empty()) break;
    for (const int member : best.members) left.erase(std::find(left.begin(), left.end(), member));
    groups.push_back(std::move(best));
  }
  return groups;
}

std::unique_ptr<EnsembleExecutor> make_ensemble(std::span<const EnsembleMember> members,
                                                const Machine& machine,
                                                const BackendOptions& options) {
  std::vector<const Graph*> graphs;
  for (const EnsembleMember& member : members) graphs.push_back(member.graph);
  std::vector<Program> programs(members.size());
  parallel_for(members.size(), options.compile_threads, [&](size_t m) {
    programs[m] = lower(*members[m].graph, *members[m].weights);
    if (members[m].release) members[m].release();
  });
  const Extent usual = options.frame_extent.value_or(Extent{480, 640});
  const auto groups = find_shared_prefixes(graphs, programs, usual);

  std::vector<std::unique_ptr<CpuNetwork>> prefixes;
  std::vector<CpuEnsemble::Member> compiled(members.size());
  for (const PrefixGroup& group : groups) {
    const int first = group.members.front();
    const ValueId boundary = boundary_value(programs[index(first)], group.num_steps);
    for (const int member : group.members) {
      Program suffix = take_suffix(programs[index(member)], group.num_steps, boundary);
      compiled[index(member)] = {static_cast<int>(prefixes.size()),
                                 std::make_unique<CpuNetwork>(*graphs[index(member)],
                                                              std::move(suffix), machine, options)};
    }
    Program prefix = take_prefix(programs[index(first)], group.num_steps, boundary);
    prefixes.push_back(
        std::make_unique<CpuNetwork>(*graphs[index(first)], std::move(prefix), machine, options));
  }
  parallel_for(members.size(), options.compile_threads, [&](size_t m) {
    if (compiled[m].network) return;
    compiled[m].network =
        std::make_unique<CpuNetwork>(*graphs[m], std::move(programs[m]), machine, options);
  });
  return std::make_unique<CpuEnsemble>(std::move(prefixes), std::move(compiled));
}

}  // namespace posse::cpu
