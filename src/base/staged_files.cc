#include "base/staged_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kStaging = ".posse-staging-";
constexpr const char* kLog = ".posse-undo";

[[noreturn]] void fail(const fs::path& path, const char* doing, int code) {
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot {}: {}", path.string(), doing, std::strerror(code)),
              {.hint = "nothing was changed"});
}

void flush_to_disk(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(file, "be written", errno);
  const int status = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (status != 0) fail(file, "be flushed to disk", code);
}

/// Renames, and never replaces. @return 0 or the reason
int rename_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that cannot be asked so.
  if (::access(to.c_str(), F_OK) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

/// One thing that commit() does, to be taken back.
struct Step {
  char kind = 'n';  ///< 'n'ew file, new 'f'older, 'r'eplaced file
  fs::path target;
  fs::path staged;     ///< where the file was before; still there: it was not put in its place
  fs::path kept;       ///< of a replaced file
  std::string sha256;  ///< of the file that was put there
};

/// Takes the steps back, last first. What was not reached, and what somebody changed since, stays.
/// @return whether the system refused nothing
bool take_back(const std::vector<Step>& steps) {
  bool all = true;
  const std::vector<Step> backwards(steps.rbegin(), steps.rend());
  for (const Step& step : backwards) {
    std::error_code error;
    if (step.kind == 'f') {
      fs::remove(step.target, error);  // one that somebody put a file into stays
      continue;
    }
    const bool is_ours = !fs::exists(step.staged, error) && fs::exists(step.target, error) &&
                         sha256_of_file(step.target) == step.sha256;
    if (!is_ours) continue;
    error.clear();
    if (step.kind == 'r') {
      fs::rename(step.kept, step.target, error);
    } else {
      fs::remove(step.target, error);
    }
    all = all && !error;
  }
  return all;
}

/// Texts with a zero byte behind each, as names may hold all others.
std::string to_text(const std::vector<Step>& steps) {
  std::string bytes;
  for (const Step& step : steps) {
    for (const std::string& text : {std::string(1, step.kind), step.target.string(),
                                    step.staged.string(), step.kept.string(), step.sha256}) {
      bytes += text;
      bytes += '\0';
    }
  }
  return bytes;
}

std::vector<Step> read_log(const fs::path& log) {
  const std::string bytes = read_file(log, uint64_t{1} << 28);
  std::vector<Step> steps;
  size_t at = 0;
  const auto next = [&] {
    const size_t end = std::min(bytes.find('\0', at), bytes.size());
    std::string text = bytes.substr(at, end - at);
    at = end + 1;
    return text;
  };
  while (at < bytes.size()) {
    const std::string kind = next();
    Step step;
    step.kind = kind.empty() ? '?' : kind[0];
    step.target = next(), step.staged = next(), step.kept = next(), step.sha256 = next();
    if (step.kind == 'n' || step.kind == 'f' || step.kind == 'r') steps.push_back(std::move(step));
  }
  return steps;
}

/// The process in the name of a staging folder of this machine; 0: it is another's, or no such
/// name.
int process_of(const std::string& name) {
  if (!name.starts_with(kStaging) || !name.ends_with("@" + machine_tag())) return 0;
  int process = 0;
  std::from_chars(name.data() + kStaging.size(), name.data() + name.size(), process);
  return process;
}

/// What processes of this machine left here that are dead. @throws Error(io) if one is alive
void remove_staging_of_the_dead(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const int process = process_of(entry->path().filename().string());
    if (process == 0 || process == ::getpid()) continue;
    if (is_alive(process)) {
      throw Error(ErrorKind::io,
                  fmt::format("{}: another process ({}) is writing here", folder.string(), process),
                  {.hint = "wait for it to end"});
    }
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

StagedFiles::StagedFiles(fs::path folder) : folder_(std::move(folder)) {
  static std::atomic<unsigned> counter{0};
  const fs::path log = folder_ / kLog;
  if (path_exists(log)) {
    // Before the staging folders go, which hold what was replaced.
    if (!take_back(read_log(log)))
      throw Error(ErrorKind::io,
                  fmt::format("{}: what a killed process left cannot be taken back", log.string()),
                  {.hint = "it lists the files; those marked r were kept in the folder beside it"});
    with_system_errors([&] { fs::remove(log); });
    took_back_ = true;
  }
  remove_staging_of_the_dead(folder_);
  staging_ = folder_ / fmt::format("{}{}-{}@{}", kStaging, ::getpid(), counter++, machine_tag());
  std::error_code error;
  fs::create_directory(staging_, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("{}: cannot be written into: {}", folder_.string(), error.message()));
  }
}

StagedFiles::~StagedFiles() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

fs::path StagedFiles::add(const fs::path& target) {
  require_plain_names(target);
  fs::path staged = staging_ / fmt::format("{}-{}", files_.size(), target.filename().string());
  files_.push_back({.target = target, .staged = staged, .kept = {}, .seen = {}});
  return staged;
}

fs::path StagedFiles::replace(const fs::path& target, const std::string& seen) {
  fs::path staged = add(target);
  files_.back().kept = staged.string() + ".before";
  files_.back().seen = seen;
  return staged;
}

std::vector<fs::path> StagedFiles::targets() const {
  std::vector<fs::path> targets;
  for (const File& file : files_) targets.push_back(file.target);
  return targets;
}

void StagedFiles::check() const {
  for (const File& file : files_) {
    if (file.kept.empty()) {
      if (!path_exists(file.target)) continue;
      throw Error(ErrorKind::io,
                  fmt::format("{}: came to be there meanwhile", file.target.string()),
                  {.hint = "nothing was changed; the same command chooses anew"});
    }
    if (path_exists(file.target) && read_file(file.target) == file.seen) continue;
    throw Error(ErrorKind::io,
                fmt::format("{}: was changed by another program meanwhile", file.target.string()),
                {.hint = "nothing was changed; close it there and run the same command again"});
  }
}

void StagedFiles::make_new_folders() {
  for (const fs::path& folder : new_folders_) {
    std::error_code error;
    fs::create_directory(folder, error);
    if (error) fail(folder, "be made", error.value());
  }
}

void StagedFiles::put(const File& file) {
  if (file.kept.empty()) {
    const int code = rename_new(file.staged, file.target);
    if (code != 0) fail(file.target, "be written", code);
    return;
  }
  if (::rename(file.staged.c_str(), file.target.c_str()) != 0)
    fail(file.target, "be replaced", errno);
}

void StagedFiles::find_new_folders() {
  for (const File& file : files_) {
    std::vector<fs::path> missing;
    for (fs::path folder = file.target.parent_path(); !path_exists(folder);
         folder = folder.parent_path())
      missing.push_back(folder);
    std::reverse(missing.begin(), missing.end());
    for (const fs::path& folder : missing) {
      if (std::find(new_folders_.begin(), new_folders_.end(), folder) == new_folders_.end())
        new_folders_.push_back(folder);
    }
  }
}

void StagedFiles::keep_replaced() const {
  for (const File& file : files_) {
    if (file.kept.empty()) continue;
    with_system_errors([&] {
      fs::copy_file(file.target, file.kept, fs::copy_options::overwrite_existing);
      fs::permissions(file.staged, fs::status(file.target).permissions());
    });
    flush_to_disk(file.kept);
  }
}

void StagedFiles::commit(const std::function<void(const fs::path&)>& before) {
  for (const File& file : files_) flush_to_disk(file.staged);
  check();
  find_new_folders();
  keep_replaced();
  std::vector<Step> steps;
  for (const fs::path& folder : new_folders_)
    steps.push_back({.kind = 'f', .target = absolute_path(folder), .staged = {}, .kept = {}});
  for (const File& file : files_) {
    steps.push_back({.kind = file.kept.empty() ? 'n' : 'r',
                     .target = absolute_path(file.target),
                     .staged = absolute_path(file.staged),
                     .kept = file.kept.empty() ? file.kept : absolute_path(file.kept),
                     .sha256 = sha256_of_file(file.staged)});
  }
  write_file(folder_ / kLog, to_text(steps));
  try {
    make_new_folders();
    for (const File& file : files_) {
      if (before) before(file.target);
      put(file);
    }
  } catch (...) {
    if (take_back(steps)) {
      std::error_code ignored;
      fs::remove(folder_ / kLog, ignored);
    }
    throw;
  }
  with_system_errors([&] { fs::remove(folder_ / kLog); });
  files_.clear();
}

}  // namespace posse
