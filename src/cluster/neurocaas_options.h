/// Gives the options of `posse run` that a NeuroCAAS configuration asks for.
#pragma once

#include <string>
#include <vector>

#include "project/config_values.h"
#include "project/yaml_tree.h"

namespace posse {

/// Words for the command line, as "--batch=4" or "--no-crop", in the order of the map; underscores
/// in names stand for dashes. Empty values and switches that are off already give no word.
/// @param options  a map, null for none
/// @param config   the file that holds it, for errors
/// @param notes    gets a sentence for each option that the job decides itself
/// @throws Error(bad_file), naming file, line and option, for names and values that `posse run`
///         does not take
std::vector<std::string> run_words(const YamlValue& options, const ConfigMap& config,
                                   std::vector<std::string>& notes);

}  // namespace posse
