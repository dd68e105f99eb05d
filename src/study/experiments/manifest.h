/// Reads the manifest of an experiment: which networks it has, and how each was trained.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace posse {

struct ManifestMember {
  std::string name;            ///< as the manifest has it; empty: planned, not trained yet
  std::filesystem::path path;  ///< a project or a finished table, from the manifest's folder
  std::optional<int64_t> seed;
  std::optional<int64_t> frames;  ///< how many it was trained on
  std::string place;              ///< in the manifest, for messages: "m.csv: line 3"
  std::string group;              ///< those whose consensus is looked at together
  std::optional<std::vector<std::string>> trained_on;  ///< pictures, or numbers of frames
};

/// Reads a csv with a header line of the columns member, seed, frames, group, trained_on (in any
/// order, all but member may be missing; several frames in trained_on are parted by semicolons, or
/// by blanks where there is none), or a yaml list of maps with these keys (also below the key
/// `members`; trained_on may be a list). A member's path may have the backslashes of Windows.
///
/// Without a group, members of one seed and number of frames are a group; those without either are
/// one together.
/// @throws Error(not_found) for the manifest or a member that is not there; Error(bad_file) naming
/// the row for columns that are unknown or come twice, what is no whole number, no UTF-8 or, in
/// yaml, a list or map where a value stands; Error(usage) for a member that comes
/// twice, or for none
std::vector<ManifestMember> read_manifest(const std::filesystem::path& path);

/// The same of text in memory; members are not looked for, and `path` is empty.
/// @param name  for messages
std::vector<ManifestMember> parse_manifest(const std::string& text, const std::string& name,
                                           bool is_yaml);

}  // namespace posse
