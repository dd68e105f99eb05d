#include "cluster/unit_claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kPart = ".part";
constexpr std::string_view kLeft = ".left";  // a part that its process has let go of
constexpr double kDay = 24 * 3600;
constexpr double kStaleHere = 1800;

[[noreturn]] void fail(const fs::path& path, const char* doing, int code) {
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot {}: {}", path.string(), doing, std::strerror(code)),
              {.hint = "the run's directory must be writable from every machine"});
}

struct Stamp {
  ino_t inode = 0;
  dev_t device = 0;
  double seconds = 0;
};

std::optional<Stamp> stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{status.st_ino, status.st_dev,
               static_cast<double>(status.st_mtim.tv_sec) +
                   1e-9 * static_cast<double>(status.st_mtim.tv_nsec)};
}

std::string random_digits() {
  std::random_device source;
  return fmt::format("{:08x}", source());
}

/// "<unit>.<machine>-<pid>-<random>.part"
fs::path new_part(const UnitPlace& place) {
  return place.folder / fmt::format("{}.{}-{}-{}{}", place.name, machine_tag(), ::getpid(),
                                    random_digits(), kPart);
}

/// Process number in a part's name if it is of this machine; 0 for another's.
int process_here(const fs::path& part) {
  std::string_view name = part.native();
  name.remove_suffix(kPart.size());
  name.remove_prefix(std::min(name.size(), name.rfind('.') + 1));
  const std::string start = machine_tag() + "-";
  if (!name.starts_with(start)) return 0;
  int process = 0;
  std::from_chars(name.data() + start.size(), name.data() + name.size(), process);
  return process;
}

/// Journals of the unit at work, this process' own among them, and those that were let go of.
std::vector<fs::path> parts_of(const UnitPlace& place) {
  std::vector<fs::path> parts;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(place.name + ".") && (name.ends_with(kPart) || name.ends_with(kLeft)))
      parts.push_back(entry.path());
  }
  return parts;
}

/// A time further ahead than this is of a clock that was wrong, and says nothing.
constexpr double kMostAhead = 1800;

bool is_recent(double seconds, double now_seconds, double most) {
  const double age = now_seconds - seconds;
  return age < most && age > -kMostAhead;
}

/// Whether the process that writes a part may still be doing so.
bool may_be_written(const fs::path& part, double now_seconds) {
  if (part.extension() == kLeft) return false;
  const int process = process_here(part);
  if (process > 0 && !is_alive(process)) return false;
  // A process of this machine may take long for a batch; much later the number is another's.
  const double most = process > 0 ? kStaleHere : kStaleSeconds;
  const auto stamp = stamp_of(part);
  return stamp && is_recent(stamp->seconds, now_seconds, most);
}

uint64_t sound_bytes_of(const fs::path& part, const JournalKey& key) {
  try {
    JournalReader reader(part, key);
    for (FrameResult result; reader.read(result);) {
    }
    return reader.sound_bytes();
  } catch (const Error& error) {  // of another key, or gone meanwhile: nothing to take over
    if (error.kind() != ErrorKind::bad_file && error.kind() != ErrorKind::not_found) throw;
    return 0;
  }
}

void flush_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);  // some file systems refuse this for folders
  ::close(fd);
}

int error_of_call(int result) { return result == 0 ? 0 : errno; }

}  // namespace

const FileCalls& system_calls() {
  static const FileCalls kCalls{
      .link = [](const char* from, const char* to) { return error_of_call(::link(from, to)); },
      .rename = [](const char* from, const char* to) { return error_of_call(::rename(from, to)); }};
  return kCalls;
}

UnitPlace place_of(const ClusterPlan& plan, const RunDirectory& directory, const Unit& unit) {
  const JournalKey key = journal_key(plan, unit);
  return {.folder = directory.units(plan.videos.at(unit.video).id),
          .name = unit_name(unit, key.fingerprint),
          .key = key};
}

std::vector<fs::path> units_of_other_plans(const ClusterPlan& plan, const RunDirectory& directory) {
  std::set<fs::path> own;
  for (const Unit& unit : plan.units) own.insert(place_of(plan, directory, unit).unit());
  std::vector<fs::path> others;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(directory.root / "units", error)) {
    std::error_code no_folder;
    for (const auto& entry : fs::directory_iterator(folder.path(), no_folder)) {
      if (entry.path().extension() == ".unit" && !own.contains(entry.path()))
        others.push_back(entry.path());
    }
  }
  return others;
}

double file_system_now(const fs::path& folder) {
  const fs::path probe =
      folder / fmt::format(".clock.{}-{}-{}", machine_tag(), ::getpid(), random_digits());
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) fail(folder, "be written to", errno);
  struct stat status {};
  const bool is_known = ::fstat(fd, &status) == 0;
  ::close(fd);
  ::unlink(probe.c_str());
  if (!is_known) fail(folder, "be written to", errno);
  return static_cast<double>(status.st_mtim.tv_sec) +
         1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

bool is_at_work(const UnitPlace& place, double now_seconds) {
  const auto claim = stamp_of(place.claim());
  if (!claim) return false;
  for (const fs::path& part : parts_of(place)) {
    const auto stamp = stamp_of(part);
    if (stamp && stamp->inode == claim->inode && stamp->device == claim->device)
      return may_be_written(part, now_seconds);
  }
  return is_recent(claim->seconds, now_seconds,
                   kStaleSeconds);  // its journal is just getting its name
}

std::unique_ptr<UnitClaim> UnitClaim::take(const UnitPlace& place, const FileCalls& calls) {
  make_folders(place.folder);
  const fs::path part = new_part(place);
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) fail(part, "be written", errno);
  ::close(fd);
  std::unique_ptr<UnitClaim> claim(new UnitClaim(place, part, calls));
  if (!claim->claim() || place.is_done()) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return nullptr;
  }
  claim->adopt();
  return claim;
}

bool UnitClaim::is_held() const {
  const auto own = stamp_of(journal_);
  return is_at_work(place_, own ? own->seconds : file_system_now(place_.folder));
}

bool UnitClaim::claim() {
  constexpr int kTries = 5;  // each but the last lost to another process that took over a stale one
  for (int i = 0; i < kTries; ++i) {
    const int error = calls_.link(journal_.c_str(), place_.claim().c_str());
    const auto own = stamp_of(journal_), there = stamp_of(place_.claim());
    // A network file system may have made the name and lost the answer.
    if (own && there && own->inode == there->inode && own->device == there->device) {
      claimed_inode_ = own->inode;
      return true;
    }
    if (error != 0 && error != EEXIST) return true;  // no hard links here: go on without a claim
    if (is_held()) return false;
    const fs::path stale = place_.folder / fmt::format(".stale.{}", random_digits());
    if (calls_.rename(place_.claim().c_str(), stale.c_str()) == 0) ::unlink(stale.c_str());
  }
  return false;
}

void UnitClaim::adopt() {
  const double now = file_system_now(place_.folder);
  fs::path best;
  uint64_t most = 0;
  std::vector<fs::path> ended;
  for (const fs::path& part : parts_of(place_)) {
    if (part == journal_ || may_be_written(part, now)) continue;
    ended.push_back(part);
    const uint64_t sound = sound_bytes_of(part, place_.key);
    if (sound > most) {
      most = sound;
      best = part;
    }
  }
  if (most > 0) {
    std::error_code error;
    fs::copy_file(best, journal_, fs::copy_options::overwrite_existing, error);
    if (error) fail(journal_, "be written", error.value());
    with_system_errors([&] { fs::resize_file(journal_, most); });
  }
  for (const fs::path& part : ended) ::unlink(part.c_str());
}

void UnitClaim::seal() {
  seal_journal(journal_);
  const int error = calls_.rename(journal_.c_str(), place_.unit().c_str());
  // Asked twice by a network file system, the second time finds the name gone: it is done.
  if (error != 0 && !place_.is_done()) fail(place_.unit(), "be written (rename)", error);
  flush_folder(place_.folder);
}

UnitClaim::~UnitClaim() {
  // The name may have been taken over meanwhile, and is another's then.
  const auto there = stamp_of(place_.claim());
  if (claimed_inode_ && there && there->inode == *claimed_inode_) ::unlink(place_.claim().c_str());
  struct stat status {};
  if (::stat(journal_.c_str(), &status) != 0) return;  // sealed
  if (status.st_size == 0) {
    ::unlink(journal_.c_str());
  } else {
    const fs::path left =
        place_.folder / fmt::format("{}.{}{}", place_.name, random_digits(), kLeft);
    calls_.rename(journal_.c_str(), left.c_str());
  }
}

size_t remove_old_parts(const fs::path& folder, double now_seconds) {
  size_t removed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = name.ends_with(kPart) || name.ends_with(kLeft) ||
                         name.starts_with(".stale.") || name.starts_with(".clock.") ||
                         name.ends_with(".claim");
    const auto stamp = stamp_of(entry.path());
    if (is_ours && stamp && now_seconds - stamp->seconds > kDay &&
        ::unlink(entry.path().c_str()) == 0) {
      ++removed;
    }
  }
  return removed;
}

}  // namespace posse
