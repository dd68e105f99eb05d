#include "consensus/track/track_choices.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "base/error.h"

namespace posse {
namespace {

/// Visitor of describe_track: names and values as text.
struct ValueLister {
  std::vector<std::pair<std::string, std::string>>& values;

  template <class Field>
  void operator()(const char* name, const Field& field, const char*, const char*) const {
    if constexpr (std::is_same_v<Field, std::filesystem::path>) {
      values.emplace_back(name, field.string());
    } else {
      values.emplace_back(name, fmt::format("{}", field));
    }
  }
};

std::vector<std::pair<std::string, std::string>> values_of(const TrackChoices& choices) {
  std::vector<std::pair<std::string, std::string>> values;
  describe_track(choices, ValueLister{values});
  return values;
}

}  // namespace

std::vector<std::string> TrackChoices::changed() const {
  const auto own = values_of(*this);
  const auto defaults = values_of({});
  std::vector<std::string> names;
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i] != defaults[i]) names.push_back("--" + own[i].first);
  }
  return names;
}

void TrackChoices::validate() const {
  if (!(hide_below >= 0 && hide_below <= 1)) {
    throw Error(ErrorKind::usage, fmt::format("--hide-below is {}, must be in [0, 1]", hide_below));
  }
  if (lag < 0)
    throw Error(ErrorKind::usage, fmt::format("--track-lag is {}, must be 0 or more", lag));
  if (!view_calibration.empty() && same_line.empty()) {
    throw Error(ErrorKind::usage, "--view-calibration says nothing without --same-line",
                {.hint = "--same-line names the bodyparts in the views of the calibration, in its "
                         "order of views"});
  }
}

}  // namespace posse
