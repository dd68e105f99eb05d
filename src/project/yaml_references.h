/// Resolves references within a YAML file, as OmegaConf writes them: "${data.num_keypoints}".
#pragma once

#include <string>

#include "project/yaml_tree.h"

namespace posse {

/// Puts what references stand for in their places: "${a.b}" (from the file's top), "${a.0}" or
/// "${a[0]}" (of a list), "${.b}" and "${..b}" (from the map that holds the value, or the one
/// around it); a whole value becomes a copy of what it names, within other text a scalar's text is
/// put in. What cannot be resolved stays as it is written: names that are not there, circles, and
/// resolvers such as "${oc.env:HOME}".
YamlValue resolve_references(YamlValue root);

/// A reference that is left within a value, as it is written; empty if there is none.
std::string unresolved_reference(const YamlValue& value);

}  // namespace posse
