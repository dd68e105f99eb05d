#include "video/rate_watch.h"

#include <algorithm>
#include <cmath>

namespace posse {
namespace {

constexpr size_t kIntervalsToLearnFrom = 256;
constexpr size_t kMostGapsNamed = 5;
constexpr double kLeastTicks = 4;       // shorter intervals cannot be told from their double
constexpr double kLeastUsual = 0.9;     // of all intervals, for the others to be gaps
constexpr double kTolerance = 0.2;      // of an interval
constexpr double kLongestExactGap = 8;  // of longer ones the jitter of a clock hides the multiple

double median_of(std::vector<int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

}  // namespace

void RateWatch::Extent::add(int64_t ticks) {
  shortest = is_empty ? ticks : std::min(shortest, ticks);
  longest = is_empty ? ticks : std::max(longest, ticks);
  is_empty = false;
}

bool RateWatch::Extent::is_variable() const {
  const int64_t spread = longest - shortest;
  return !is_empty && spread > 2 &&
         static_cast<double>(spread) > 0.05 * static_cast<double>(longest);
}

void RateWatch::Census::add(const Interval& interval) {
  ++num_all;
  const auto ticks = static_cast<double>(interval.ticks);
  const double tolerance = std::max(1.0, kTolerance * usual);  // times are rounded to ticks
  if (std::abs(ticks - usual) <= tolerance) {
    ++num_usual;
    between_gaps.add(interval.ticks);
    return;
  }
  const double multiple = std::round(ticks / usual);
  const bool is_whole =
      multiple > kLongestExactGap || std::abs(ticks - multiple * usual) <= tolerance;
  if (multiple < 2 || !is_whole) {
    between_gaps.add(interval.ticks);
    return;
  }
  const Gap gap{interval.after_frame, std::llround(multiple) - 1};
  ++gaps.num_places;
  gaps.num_missing += gap.num_missing;
  if (gaps.first.size() < kMostGapsNamed) gaps.first.push_back(gap);
}

void RateWatch::add(int64_t ticks, int64_t frame_index) {
  if (ticks != kNoTime && last_ != kNoTime) {
    const Interval interval{last_frame_, ticks - last_};
    all_.add(interval.ticks);
    if (interval.ticks <= 0 && num_not_increasing_++ == 0) first_not_increasing_ = frame_index;
    if (early_.size() < kIntervalsToLearnFrom) {
      early_.push_back(interval);
      if (early_.size() == kIntervalsToLearnFrom) late_ = census();
    } else {
      late_.add(interval);
    }
  }
  last_ = ticks;
  last_frame_ = frame_index;
}

RateWatch::Census RateWatch::census() const {
  if (late_.num_all > 0) return late_;
  Census census;
  if (early_.empty()) return census;
  std::vector<int64_t> ticks;
  for (const Interval& interval : early_) ticks.push_back(interval.ticks);
  census.usual = median_of(ticks);
  if (census.usual <= 0) return census;
  // Rounded to ticks the median is off by up to half a tick; the mean of those like it is not.
  double sum = 0;
  int64_t number = 0;
  for (const int64_t each : ticks) {
    if (std::abs(static_cast<double>(each) - census.usual) >
        std::max(1.0, kTolerance * census.usual))
      continue;
    sum += static_cast<double>(each);
    ++number;
  }
  census.usual = sum / static_cast<double>(number);
  for (const Interval& interval : early_) census.add(interval);
  return census;
}

RateWatch::Gaps RateWatch::gaps() const {
  Census found = census();
  const bool is_clear =
      found.usual >= kLeastTicks &&
      static_cast<double>(found.num_usual) >= kLeastUsual * static_cast<double>(found.num_all);
  return is_clear ? std::move(found.gaps) : Gaps();
}

bool RateWatch::is_variable() const { return all_.is_variable(); }

bool RateWatch::is_variable_between_gaps() const {
  return gaps().num_places == 0 ? is_variable() : census().between_gaps.is_variable();
}

bool RateWatch::would_jump(int64_t ticks) const {
  return !all_.is_empty && last_ != kNoTime && ticks != kNoTime &&
         2 * (ticks - last_) > 3 * all_.longest;
}

}  // namespace posse
