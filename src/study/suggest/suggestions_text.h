/// Writes suggested frames as JSON, as csv and for people.
#pragma once

#include <string>

#include "base/json.h"
#include "study/suggest/suggest.h"

namespace posse {

/// posse-suggestions.json (docs/suggest.md).
Json to_json(const Suggestions& suggestions);
/// A row for each frame: video, frame, seconds, why, doubt, bodypart, inclusion_probability, path.
std::string to_csv(const Suggestions& suggestions);
/// For people.
std::string to_text(const Suggestions& suggestions);

}  // namespace posse
