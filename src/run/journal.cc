#include "run/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/error.h"

namespace posse {
namespace {

constexpr char kMagic[] = "posse journal 1\n";
constexpr size_t kMagicSize = sizeof(kMagic) - 1;
constexpr size_t kFingerprintSize = 64;
constexpr size_t kHeaderSize = kMagicSize + kFingerprintSize + 2 * sizeof(uint32_t);
constexpr size_t kConsensusDoubles =
    9;  // x y likelihood, 3 of the covariance, 2 of the spread, members
constexpr size_t kMemberDoubles = 3;  // x y likelihood

[[noreturn]] void fail(const std::filesystem::path& path, const char* doing) {
  const int code = errno;
  throw Error(
      ErrorKind::io, fmt::format("{}: cannot {}: {}", path.string(), doing, std::strerror(code)),
      {.hint = code == ENOSPC
                   ? "the disk is full: free some space and run the same command again; it goes on "
                     "where it stopped"
                   : "check the permissions, or choose another folder with --out"});
}

/// FNV-1a: finds a record that was only partly written; it is no protection against malice.
uint64_t checksum(std::span<const uint8_t> bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
  return hash;
}

size_t record_size(const JournalKey& key) {
  const size_t bodyparts = key.num_bodyparts;
  return sizeof(int64_t) + sizeof(double) +
         sizeof(double) * bodyparts * (kConsensusDoubles + kMemberDoubles * key.num_members) +
         sizeof(uint64_t);
}

std::string header_of(const JournalKey& key) {
  POSSE_ASSERT(key.fingerprint.size() == kFingerprintSize);
  std::string header(kMagic, kMagicSize);
  header += key.fingerprint;
  header.append(reinterpret_cast<const char*>(&key.num_members), sizeof(uint32_t));
  header.append(reinterpret_cast<const char*>(&key.num_bodyparts), sizeof(uint32_t));
  return header;
}

/// Puts values one after another into a record, or takes them out again.
class Cursor {
 public:
  explicit Cursor(uint8_t* at) : at_(at) {}
  template <class T>
  void put(const T& value) {
    std::memcpy(std::exchange(at_, at_ + sizeof(T)), &value, sizeof(T));
  }
  template <class T>
  void take(T& value) {
    std::memcpy(&value, std::exchange(at_, at_ + sizeof(T)), sizeof(T));
  }

 private:
  uint8_t* at_;
};

/// Every number of a consensus keypoint, as a double.
template <class Visit>
void visit_consensus(auto& keypoint, const Visit& visit) {
  visit(keypoint.keypoint.x), visit(keypoint.keypoint.y), visit(keypoint.keypoint.likelihood);
  visit(keypoint.map_covariance.xx), visit(keypoint.map_covariance.xy),
      visit(keypoint.map_covariance.yy);
  visit(keypoint.std_x), visit(keypoint.std_y);
  visit(keypoint.num_members);
}

void encode(const FrameResult& result, std::vector<uint8_t>& record) {
  Cursor cursor(record.data());
  cursor.put(result.frame_index);
  cursor.put(result.time_seconds);
  for (const ConsensusKeypoint& keypoint : result.consensus) {
    visit_consensus(keypoint, [&](const auto& value) { cursor.put(static_cast<double>(value)); });
  }
  for (const Keypoint& keypoint : result.members) {
    cursor.put(keypoint.x), cursor.put(keypoint.y), cursor.put(keypoint.likelihood);
  }
  cursor.put(checksum({record.data(), record.size() - sizeof(uint64_t)}));
}

/// False if the checksum is wrong.
bool decode(std::vector<uint8_t>& record, const JournalKey& key, FrameResult& result) {
  uint64_t stored = 0;
  std::memcpy(&stored, record.data() + record.size() - sizeof(stored), sizeof(stored));
  if (stored != checksum({record.data(), record.size() - sizeof(stored)})) return false;
  result.consensus.resize(key.num_bodyparts);
  result.members.resize(size_t{key.num_bodyparts} * key.num_members);
  Cursor cursor(record.data());
  cursor.take(result.frame_index);
  cursor.take(result.time_seconds);
  for (ConsensusKeypoint& keypoint : result.consensus) {
    visit_consensus(keypoint, [&](auto& value) {
      double number = 0;
      cursor.take(number);
      value = static_cast<std::remove_reference_t<decltype(value)>>(number);
    });
  }
  for (Keypoint& keypoint : result.members) {
    cursor.take(keypoint.x), cursor.take(keypoint.y), cursor.take(keypoint.likelihood);
  }
  return true;
}

}  // namespace

JournalLock::JournalLock(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (fd_ < 0) fail(path, "be written");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw Error(ErrorKind::io,
              fmt::format("{}: another process is at work there", path.parent_path().string()),
              {.hint = "wait for it, or choose another folder with --out"});
}

JournalLock::~JournalLock() { ::close(fd_); }

JournalWriter::JournalWriter(std::filesystem::path path, JournalKey key)
    : path_(std::move(path)), key_(std::move(key)), record_(record_size(key_)) {
  const std::string header = header_of(key_);
  std::error_code missing;
  if (std::filesystem::exists(path_, missing)) {
    try {
      JournalReader reader(path_, key_);
      for (FrameResult result; reader.read(result); ++num_resumed_)
        last_frame_index_ = result.frame_index;
      std::filesystem::resize_file(
          path_, kHeaderSize + static_cast<uintmax_t>(num_resumed_) * record_.size());
      file_.reset(std::fopen(path_.c_str(), "ab"));
      if (!file_) fail(path_, "be continued");
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::bad_file) throw;
      num_resumed_ = 0;  // another run's journal: start anew
      last_frame_index_.reset();
    }
  }
  file_.reset(std::fopen(path_.c_str(), "wb"));
  if (!file_ || std::fwrite(header.data(), 1, header.size(), file_.get()) != header.size())
    fail(path_, "be written");
  flush();
}

void JournalWriter::append(const FrameResult& result) {
  POSSE_ASSERT(result.consensus.size() == key_.num_bodyparts);
  POSSE_ASSERT(result.members.size() == size_t{key_.num_bodyparts} * key_.num_members);
  encode(result, record_);
  if (std::fwrite(record_.data(), 1, record_.size(), file_.get()) != record_.size())
    fail(path_, "be written");
}

void JournalWriter::flush() {
  if (std::fflush(file_.get()) != 0) fail(path_, "be written");
}

JournalReader::JournalReader(const std::filesystem::path& path, const JournalKey& key)
    : key_(key), file_(std::fopen(path.c_str(), "rb")), record_(record_size(key)) {
  if (!file_) throw Error(ErrorKind::not_found, fmt::format("{}: cannot be opened", path.string()));
  std::string header(kHeaderSize, '\0');
  if (std::fread(header.data(), 1, header.size(), file_.get()) != header.size() ||
      header != header_of(key)) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: is not the journal of this run", path.string()));
  }
}

bool JournalReader::read(FrameResult& result) {
  if (std::fread(record_.data(), 1, record_.size(), file_.get()) != record_.size()) return false;
  return decode(record_, key_, result);
}

}  // namespace posse
