/// Reads the configuration of a NeuroCAAS job: what of it posse uses, and what it leaves out.
///
/// Written by a user, or by NeuroCAAS' job manager after it has trained an ensemble; fields are
/// those of its analysis "ensemble-dgp", and `posse`, a map with options of `posse run`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace posse {

struct NeurocaasConfig {
  enum class Mode { train, predict };
  Mode mode = Mode::predict;
  /// Prefix of the models' folders below the group's; ends in "/", empty for the group's own.
  std::string modelpath;
  /// Folders of the models to use, as named: at least one to predict. The job manager may list more
  /// than were trained; those beyond the first `ensemble_size` are left out.
  std::vector<std::string> models;
  /// Words for `posse run`, as "--batch=4" or "--no-crop". The consensus is the mean unless the
  /// configuration says otherwise.
  std::vector<std::string> options;
  /// What is ignored and should be known, a sentence each.
  std::vector<std::string> notes;
};

/// Reads YAML, or JSON from a file whose name ends in .json. Values may be quoted; True, true,
/// "yes" and 1 are one truth.
/// @throws Error as read_yaml() and parse_json(); Error(bad_file), naming file and line, for a mode
/// that is neither train nor predict, no or doubled model names to predict with, names that lead
/// out of their folder or have control characters, an `ensemble_size` that is no number of 1 or
/// more, a `posse` option that is not known (naming the nearest ones) or has a wrong value
NeurocaasConfig read_neurocaas_config(const std::filesystem::path& path);

/// The same for text held in memory. @param name  for messages; the suffix tells JSON from YAML
NeurocaasConfig parse_neurocaas_config(const std::string& text, const std::string& name);

/// One "field<TAB>value" a line, as the script posse-neurocaas reads it: mode, modelpath, then
/// model, option and note, one line for each.
std::string lines_of(const NeurocaasConfig& config);

}  // namespace posse
