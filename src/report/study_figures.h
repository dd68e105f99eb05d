/// Makes figures and tables from the JSON of posse study and posse suggest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/evaluation_figures.h"

namespace posse {

/// A section of a report that was read from one file.
struct NamedPart {
  std::string id;  ///< as "suggestions"
  std::string title;
  std::string about;
  std::vector<std::string> drawings;  ///< SVG, as they stand
  std::vector<ReportTable> tables;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

/// Reads posse-suggestions.json. @throws Error(not_found); Error(bad_file) for what is none
NamedPart read_suggestions(const std::filesystem::path& file);

/// Reads the study.json of `posse study`: a picture for each layer of its matrices, and its tables.
/// @throws as read_suggestions
NamedPart read_study(const std::filesystem::path& file);

/// One matrix of it as SVG, its first layer. @param name  empty: the first
/// @throws as read_study; Error(not_found) for a name that is not there, naming those that are
std::string matrix_of_study(const std::filesystem::path& file, const std::string& name);

}  // namespace posse
