#include "consensus/track/seen_chain.h"

#include <cmath>
#include <utility>

namespace posse {
namespace {

/// The chance after a while in which `kept` of it is not forgotten.
double after(double chance, double kept) { return 0.5 + (chance - 0.5) * kept; }

/// Two independent chances of one thing, whose own is even, as one.
double both(double a, double b) {
  const double yes = a * b;
  return yes / (yes + (1 - a) * (1 - b));
}

}  // namespace

SeenChain::SeenChain(size_t num_bodyparts, SeenOptions options, size_t lag)
    : options_(options), lag_(lag), before_(num_bodyparts, 0.5) {}

std::vector<TrackedFrame> SeenChain::push(TrackedFrame frame, double elapsed) {
  Waiting waiting{.frame = std::move(frame), .kept = std::pow(1 - 2 * options_.change, elapsed)};
  for (size_t p = 0; p < before_.size(); ++p) {
    const Keypoint& keypoint = waiting.frame.keypoints[p].keypoint;
    const double odds = options_.slope * (keypoint.likelihood - options_.middle);
    const double likely = std::isfinite(keypoint.x) ? 1 / (1 + std::exp(-odds)) : 0.5;
    before_[p] = both(after(before_[p], waiting.kept), likely);
    waiting.likely.push_back(likely);
    waiting.seen.push_back(before_[p]);
  }
  waiting_.push_back(std::move(waiting));
  std::vector<TrackedFrame> ready;
  if (waiting_.size() > lag_) ready.push_back(release());
  return ready;
}

std::vector<TrackedFrame> SeenChain::finish() {
  std::vector<TrackedFrame> ready;
  while (!waiting_.empty()) ready.push_back(release());
  return ready;
}

TrackedFrame SeenChain::release() {
  for (size_t p = 0; p < before_.size(); ++p) {
    double later = 0.5;  // by the frames behind the first alone
    for (size_t t = waiting_.size(); t-- > 1;)
      later = after(both(later, waiting_[t].likely[p]), waiting_[t].kept);
    waiting_.front().frame.keypoints[p].chance_seen = both(waiting_.front().seen[p], later);
  }
  TrackedFrame frame = std::move(waiting_.front().frame);
  waiting_.pop_front();
  return frame;
}

}  // namespace posse
