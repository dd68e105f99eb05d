/// Writes DeepLabCut's machine labels: predictions that a person corrects in its labelling tool.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/poses.h"
#include "base/staged_files.h"

namespace posse {

/// One picture of labeled-data/<folder>.
struct MachineLabel {
  std::string picture;           ///< "img0123.png"
  std::vector<Keypoint> points;  ///< [bodyparts] in the picture, finite
};

struct MachineLabels {
  std::string folder;  ///< of labeled-data: the video's stem
  std::string scorer;
  std::vector<std::string> bodyparts;
  std::vector<MachineLabel> rows;
};

/// How a project writes the rows of its csv files.
struct CsvRowStyle {
  std::string line_end = "\n";
  bool three_columns = true;  ///< labeled-data, folder and picture apart; else one path
  char separator = '/';       ///< of one path
};

/// As the rows of this text of a CollectedData or machine label csv are; as DeepLabCut writes where
/// it has none.
CsvRowStyle row_style_of(const std::string& csv);

/// Stages machinelabels-iter<iteration>.h5, a csv of the same name, and machinelabels.csv, which
/// DeepLabCut writes beside it. What these files hold already stays: its rows win, new ones follow,
/// in its columns, line ends and style of paths.
/// @param data  the project's labeled-data/<folder>; @param style  of new csv files
/// @throws Error(unsupported) where the files that are there are by several scorers
void stage_machine_labels(const std::filesystem::path& data, int iteration,
                          const MachineLabels& labels, const CsvRowStyle& style,
                          StagedFiles& staged);

}  // namespace posse
