/// Gives the configuration that a torch file carries as text that the readers of configurations
/// take.
#pragma once

#include <string>

#include "checkpoint/torch/torch_pickle.h"

namespace posse {

/// A tree of dicts, lists, texts, numbers and None as YAML (written as JSON, which is YAML).
/// Anything else, as an object of a class, becomes null.
/// @throws Error(bad_file), naming the file, for values nested more than 64 deep (or in a circle)
///         and for more than 10,000 of them.
std::string torch_config_text(const TorchPickle& pickle, PickleId root, const std::string& file);

}  // namespace posse
