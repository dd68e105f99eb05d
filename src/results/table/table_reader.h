/// Reads pose tables, whoever wrote them.
///
/// Detects the table's format from its content: csv with three or four header rows (DeepLabCut,
/// Lightning Pose, DeepGraphPose, the smoother's wide files), HDF5 by pandas in table or fixed
/// layout (old and new, any number of blocks, numbered, string and multi-level rows, float32 and
/// float64, gzip), SLEAP analysis HDF5 and SLEAP .slp. Nothing in a file is ever executed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/table/pose_table.h"
#include "results/table/raw_table.h"

namespace posse {

struct TableReadOptions {
  /// Individual of a multi-animal table; empty: the only one there is.
  std::string individual;
  /// Scorer of a table by several scorers; empty: the only one there is.
  std::string scorer;
  /// Video of a .slp with frames of several, by number or file name; empty: the only one.
  std::string video;
};

/// What was found on the way, for people and for run.json.
struct TableNotes {
  std::string layout;                    ///< as "csv, 3 header rows", "HDF5, pandas table"
  std::vector<std::string> scorers;      ///< all scorers in the file
  std::vector<std::string> individuals;  ///< all individuals; empty for a single-animal table
  std::vector<std::string> coords;       ///< all coords, as "x", "y", "likelihood", "x_ens_var"
  std::vector<std::string> warnings;     ///< what was odd and what was made of it, a sentence each
};

struct LoadedPoses {
  PoseTable table;
  TableNotes notes;
};

struct LoadedLabels {
  LabelTable table;
  TableNotes notes;
};

/// Reads the predictions of one animal.
///
/// Missing values: a keypoint without x or y becomes NaN, NaN with likelihood 0; a missing
/// likelihood becomes 0; one outside [0, 1] is cut; rows of zeros at the end (DeepGraphPose makes
/// its tables too long) become missing; without a likelihood column it is 1 where a point is. Each
/// of these is counted in the warnings. Points of cut frames are moved into the whole frame by the
/// box in a "_meta.pickle" beside the table (crop_beside), with a warning. Coords other than x, y
/// and likelihood are left out (see read_raw_table).
/// @throws Error(not_found); Error(bad_file) naming line and column or dataset: text in number
/// columns, rows of different lengths, too few header rows, frame numbers that repeat or do not
/// rise, a file cut off; Error(unsupported) for rows that are images, 3-D tables, several
/// individuals or scorers without a choice, listing them
LoadedPoses read_pose_table(const std::filesystem::path& path,
                            const TableReadOptions& options = {});

/// Reads hand labels: CollectedData files of DeepLabCut and Lightning Pose, machine labels too.
///
/// A stray likelihood is ignored; with Lightning Pose's `visible` column, points that are not
/// visible (0 or 1) are NaN. Three index columns (or a three-level index) are joined with '/', and
/// back-slashes become '/'.
/// @throws as read_pose_table; Error(unsupported) if rows are numbered frames
LoadedLabels read_label_table(const std::filesystem::path& path,
                              const TableReadOptions& options = {});

/// Whether a file begins like a table, whatever its name: HDF5's signature, or a first line of text
/// that begins with 'scorer'. False for what cannot be read.
bool looks_like_table(const std::filesystem::path& path);

/// Reads a csv or pandas HDF5 table as it is, every column and row in the file's order.
/// @param video  as TableReadOptions::video
/// @throws Error(not_found, bad_file, unsupported)
RawTable read_raw_table(const std::filesystem::path& path, const std::string& video = "");

}  // namespace posse
