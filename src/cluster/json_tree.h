/// Parses JSON into the same trees that YAML is read into.
#pragma once

#include <string>

#include "project/yaml_tree.h"

namespace posse {

/// The same tree as parse_yaml() gives for the same values, but for the lines, which are 0. JSON is
/// nearly, not quite, a part of YAML: tabs may indent it, and its escapes are others. Of a key that
/// comes several times the last holds; keys are sorted.
/// @param name  for messages
/// @throws Error(bad_file), naming line and column, for text that is not JSON or not UTF-8 or is
///         nested deeper than the limit; or longer
YamlValue parse_json(const std::string& text, const std::string& name,
                     const YamlLimits& limits = {});

}  // namespace posse
