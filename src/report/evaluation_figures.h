/// Makes figures and tables from the JSON of posse evaluate and posse calibrate.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "report/charts/figure.h"

namespace posse {

/// A table of a report, texts as they are shown.
struct ReportTable {
  std::string caption;
  std::vector<std::string> heads;
  std::vector<std::vector<std::string>> rows;
};

/// What a report shows of an evaluation.
struct EvaluationPart {
  std::filesystem::path file;
  std::string about;            ///< a sentence: labels, members, how they were judged
  std::vector<Figure> figures;  ///< of kinds errors, reliability, risk-coverage, pit: in their ids
  std::vector<ReportTable> tables;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
  std::vector<std::string> members;
};

/// Reads what `posse evaluate --json` printed.
/// @throws Error(not_found); Error(bad_file) for what is no JSON, cut short, or of another verb,
/// naming the key that is missing
EvaluationPart read_evaluation(const std::filesystem::path& file);

}  // namespace posse
