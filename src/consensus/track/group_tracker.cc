#include "consensus/track/group_tracker.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace posse {

GroupTracker::GroupTracker(size_t num_parts, GroupTrackerOptions options)
    : num_parts_(num_parts), options_(options), space_(num_parts, options.pruning) {
  options_.motion.validate();
}

std::vector<GroupDecision> GroupTracker::push(GroupFrame frame, double elapsed, double stride,
                                              double num_cells) {
  Step step;
  if (empty_) {
    step.states = space_.first(frame, options_.motion, num_cells);
  } else {
    const Step& before = window_.empty() ? newest_ : window_.back();
    connect(before.frame, Motion(options_.motion, elapsed, stride, num_cells), frame);
    step.states = space_.next(before.states, before.frame.num_places(), frame);
  }
  empty_ = false;
  num_states_ += step.states.size();
  step.frame = std::move(frame);
  window_.push_back(std::move(step));
  if (!options_.lag) return {};
  const size_t block = std::max<size_t>(*options_.lag, 1);
  if (window_.size() < *options_.lag + block) return {};
  return decide(block);
}

std::vector<GroupDecision> GroupTracker::finish() { return decide(window_.size()); }

GroupDecision GroupTracker::decision_of(const Step& step, size_t best,
                                        std::span<const double> after) const {
  GroupDecision decision;
  const size_t places = step.frame.num_places();
  decision.chance = {places + 1, std::vector<double>(num_parts_ * (places + 1), 0.0)};
  double all = 0;
  for (size_t i = 0; i < step.states.size(); ++i) all += step.states[i].sum * after[i];
  for (size_t p = 0; p < num_parts_; ++p) {
    decision.choice.push_back(column_of(choice_of(step.states[best].key, p), places));
    for (size_t i = 0; i < step.states.size(); ++i) {
      const size_t column = column_of(choice_of(step.states[i].key, p), places);
      decision.chance.values[p * (places + 1) + column] += step.states[i].sum * after[i] / all;
    }
  }
  return decision;
}

std::vector<GroupDecision> GroupTracker::decide(size_t count) {
  std::vector<GroupDecision> decisions(count);
  if (window_.empty()) return decisions;
  const auto& last = window_.back().states;
  auto best =
      static_cast<size_t>(std::ranges::max_element(last, {}, &GroupState::best) - last.begin());
  std::vector<double> after(last.size(), 1.0);
  for (size_t t = window_.size(); t-- > 0;) {
    const Step& step = window_[t];
    if (t + 1 < window_.size()) {
      const Step& next = window_[t + 1];
      after = backward(step.states, step.frame.num_places(), next.states, next.frame, after,
                       num_parts_);
    }
    if (t < count) decisions[t] = decision_of(step, best, after);
    best = step.states[best].from;
  }
  if (count == window_.size()) newest_ = window_.back();
  for (GroupDecision& decision : decisions) {
    decision.frame = std::move(window_.front().frame);
    window_.pop_front();
  }
  return decisions;
}

}  // namespace posse
