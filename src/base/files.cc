#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/host.h"
#include "base/paths.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail_to_read(const fs::path& path, std::string_view doing) {
  const int code = errno;
  if (path.empty()) throw Error(ErrorKind::usage, "an empty name was given for a file");
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::not_found : ErrorKind::io;
  throw Error(
      kind, fmt::format("{}: cannot {}: {}", path.string(), doing, std::strerror(code)),
      {.hint = code == EACCES ? "you may not read it: see ls -l, and ls -ld for the folders "
                                "above it"
                              : ""});
}

[[noreturn]] void fail_to_write(const fs::path& path, std::string_view doing) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC) hint = "the disk is full: free some space and run the same command again";
  if (code == EACCES || code == EROFS) hint = "choose a folder you may write to";
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot {}: {}", path.string(), doing, std::strerror(code)),
              {.hint = hint});
}

size_t size_of_regular_file(const Descriptor& file, const fs::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_to_read(path, "be examined");
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: is not a regular file", path.string()));
  }
  return static_cast<size_t>(status.st_size);
}

constexpr std::string_view kPartialSuffix = ".partial";

/// The process number at the end of ".<name>.<pid>-<n>@<machine>.partial"; 0 for another name, and
/// for another machine's. Earlier versions left the machine out.
int process_of_partial(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kPartialSuffix)) return 0;
  name.remove_suffix(kPartialSuffix.size());
  if (const size_t mark = name.rfind('@');
      mark != std::string_view::npos && mark > name.rfind('.')) {
    if (name.substr(mark + 1) != machine_tag()) return 0;
    name = name.substr(0, mark);
  }
  const size_t at = name.rfind('.') + 1;
  int process = 0;
  const auto [end, error] = std::from_chars(name.data() + at, name.data() + name.size(), process);
  return error == std::errc() && end != name.data() + name.size() && *end == '-' ? process : 0;
}

/// A name may have 255 bytes, and the temporary one has a few more than the target's.
std::string start_of_partials(const fs::path& target) {
  constexpr size_t kMostBytes = 200;
  return target.filename().string().substr(0, kMostBytes) + ".";
}

}  // namespace

bool is_alive(int process) { return ::kill(process, 0) == 0 || errno == EPERM; }

std::string machine_tag() {
  static const std::string kTag = [] {
    std::string text = host_name();
    std::error_code missing;
    if (fs::exists("/etc/machine-id", missing)) text += read_file("/etc/machine-id", 4096);
    uint32_t hash = 0x811c9dc5U;  // FNV-1a
    for (const char byte : text) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x01000193U;
    return fmt::format("{:08x}", hash);
  }();
  return kTag;
}

size_t remove_abandoned_partials_in(const fs::path& folder, std::string_view name_start) {
  const std::string prefix = "." + std::string(name_start);
  size_t removed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const int process = process_of_partial(name);
    if (process > 0 && !is_alive(process) && fs::remove(entry.path(), error)) ++removed;
  }
  return removed;
}

size_t remove_abandoned_partials(const fs::path& target) {
  return remove_abandoned_partials_in(
      target.has_parent_path() ? target.parent_path() : fs::path("."), start_of_partials(target));
}

std::string read_file(const fs::path& path, uint64_t most_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail_to_read(path, "be opened");
  const size_t size = size_of_regular_file(file, path);
  if (size > most_bytes) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has {} bytes, at most {} are read",
                                                 path.string(), size, most_bytes));
  }
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_to_read(path, "be read");
    if (got == 0) bytes.resize(done), done = size;
    done += static_cast<size_t>(got);
  }
  return bytes;
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail_to_read(path, "be opened");
  size_ = size_of_regular_file(file, path);
  if (size_ == 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) fail_to_read(path, "be mapped into memory");
  data_ = static_cast<const uint8_t*>(memory);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

void MappedFile::release(std::span<const uint8_t> part) const {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void make_folders(const fs::path& folder) {
  require_plain_names(folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("{}: folder cannot be made: {}", folder.string(), error.message()),
                {.hint = "choose a folder you may write to"});
  }
}

PendingFile::PendingFile(fs::path target) : target_(std::move(target)) {
  static std::atomic<unsigned> counter{0};
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  require_plain_names(target_);
  make_folders(folder);
  require_writable(target_);
  remove_abandoned_partials(target_);
  temporary_ = folder / fmt::format(".{}{}-{}@{}.partial", start_of_partials(target_), ::getpid(),
                                    counter++, machine_tag());
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : target_(std::move(other.target_)), temporary_(std::exchange(other.temporary_, fs::path())) {}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void PendingFile::commit() {
  {
    const Descriptor file(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || ::fsync(file.get()) != 0) fail_to_write(temporary_, "be flushed to disk");
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    fail_to_write(target_, "be written (rename)");
  temporary_.clear();
}

void write_file(const fs::path& path, std::string_view bytes) {
  PendingFile pending(path);
  {
    const Descriptor file(
        ::open(pending.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) fail_to_write(path, "be written");
    while (!bytes.empty()) {
      const ssize_t done = ::write(file.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail_to_write(path, "be written");
      bytes.remove_prefix(static_cast<size_t>(done));
    }
  }
  pending.commit();
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path system = fs::temp_directory_path(error);
  if (error) {
    throw Error(ErrorKind::io, "no folder for temporary files: " + error.message(),
                {.hint = "TMPDIR names it"});
  }
  std::string pattern = (system / "posse-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail_to_write(pattern, "be made");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace posse
