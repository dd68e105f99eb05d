/// Changes several files of a folder together or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace posse {

/// Files that are written beside a folder's own and put in their places at once.
///
/// Until commit() the folder is as it was, but for a hidden folder ".posse-staging-..." in it,
/// which the destructor removes, and after a kill the next StagedFiles there. commit() puts files
/// in their places one after another: if one fails those before are taken back; if the process is
/// killed there, the next StagedFiles of this folder takes them back first (a log in the folder
/// tells it which). New files never replace anything.
class StagedFiles {
 public:
  /// Takes back what a killed process left. @param folder  that exists
  /// @throws Error(io) where it cannot be written, or another process is at work there
  explicit StagedFiles(std::filesystem::path folder);
  ~StagedFiles();
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;

  /// A new file below the folder. @return where it is to be written now, its name's end the same
  std::filesystem::path add(const std::filesystem::path& target);
  /// A file that is there and will be replaced. @param seen  its bytes as they were read: commit()
  /// refuses if it holds others by then
  std::filesystem::path replace(const std::filesystem::path& target, const std::string& seen);

  /// The targets, in order.
  std::vector<std::filesystem::path> targets() const;
  /// Whether the constructor had to take back what a killed process left.
  bool took_back() const { return took_back_; }

  /// @param before  called before each file is put in its place, with its target: for tests
  /// @throws Error(io) where a new file's place is taken, a file to be replaced was changed, or the
  /// system refuses: all is as before
  void commit(const std::function<void(const std::filesystem::path&)>& before = {});

 private:
  struct File {
    std::filesystem::path target;
    std::filesystem::path staged;
    std::filesystem::path kept;  ///< copy of what is replaced; empty: a new file
    std::string seen;
  };
  void check() const;
  void find_new_folders();
  void keep_replaced() const;
  void make_new_folders();
  void put(const File& file);

  std::filesystem::path folder_;
  std::filesystem::path staging_;
  std::vector<File> files_;
  std::vector<std::filesystem::path> new_folders_;  ///< that commit() makes, outer ones first
  bool took_back_ = false;
};

}  // namespace posse
