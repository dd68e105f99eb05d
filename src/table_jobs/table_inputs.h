/// Reads the tables that a command is given, and brings them to the same frames and bodyparts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/table/align_tables.h"
#include "table_jobs/job.h"

namespace posse {

struct TableInputs {
  std::vector<std::filesystem::path> files;  ///< [members]; empty for poses from memory
  std::vector<std::string> names;  ///< [members]: file names, or what the poses are called
  AlignedTables tables;
  std::vector<std::string> warnings;  ///< what was odd in a file, and where files differ
};

/// Reads and aligns tables. `bodyparts`: which to keep, in this order; empty: all.
/// @throws Error as read_pose_table and align_tables; Error(not_found) for a bodypart that no table
/// has, naming near ones.
///
/// Tables that hold the same poses are warned of: one network that counts twice.
TableInputs read_tables(const std::vector<std::filesystem::path>& files, bool common_bodyparts,
                        const std::vector<std::string>& bodyparts = {});

/// The inputs with folders replaced by the tables in them (find_tables).
JobInputs find_inputs(JobInputs inputs, Job& job);

/// The inputs of a job with one camera, as find_inputs gives them, told of while they are read.
/// @throws as read_tables
TableInputs read_members(const JobInputs& inputs, bool common_bodyparts,
                         const std::vector<std::string>& bodyparts, Job& job);

/// The same by camera, [cameras]: files by their names (files_by_camera), poses by the
/// camera they name. @throws as read_tables and files_by_camera
std::vector<TableInputs> read_cameras(const JobInputs& inputs,
                                      const std::vector<std::string>& cameras,
                                      const std::vector<std::string>& bodyparts, Job& job);

/// Brings the cameras to the bodyparts that any of them has, in the order of the first: missing
/// where a camera lacks one. Warns of each camera that differs.
void match_bodyparts(std::vector<TableInputs>& cameras, const std::vector<std::string>& names,
                     Job& job);

/// Gives all cameras the frames that any of them has; missing where a camera lacks them, of which
/// it is warned.
void match_frames(std::vector<TableInputs>& cameras, const std::vector<std::string>& names,
                  Job& job);

}  // namespace posse
