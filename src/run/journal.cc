#include "run/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/paths.h"

namespace posse {
namespace {

constexpr char kMagic[] = "posse journal 1\n";
constexpr char kEvidenceMagic[] = "posse journal 2\n";
constexpr size_t kMagicSize = sizeof(kMagic) - 1;
static_assert(sizeof(kEvidenceMagic) == sizeof(kMagic));
constexpr size_t kFingerprintSize = 64;
constexpr size_t kHeaderSize = kMagicSize + kFingerprintSize + 2 * sizeof(uint32_t);
constexpr char kEnd[] = "posse end";
constexpr size_t kEndSize = sizeof(kEnd) - 1;
constexpr char kSeal[] = "posse seal";
constexpr size_t kSealSize = sizeof(kSeal) - 1 + 64;  // with a SHA-256
constexpr size_t kMostEnd = size_t{1}
                            << 20;  // a report of many warnings; beyond it there is no end
constexpr size_t kConsensusDoubles =
    9;  // x y likelihood, 3 of the covariance, 2 of the spread, members
constexpr uint32_t kMostEvidence = uint32_t{1} << 26;  // more is no length of a sound record
constexpr size_t kMemberDoubles = 3;                   // x y likelihood
constexpr uint64_t kMostNumbers = 10'000'000;  // of a frame: 1,000 bodyparts of 3,000 members

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
  std::string header(key.evidence ? kEvidenceMagic : kMagic, kMagicSize);
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

/// Takes a number that was stored as a double. False if the field cannot hold it.
template <class Value>
bool take_number(Cursor& cursor, Value& value) {
  double number = 0;
  cursor.take(number);
  if constexpr (std::is_integral_v<Value>) {
    if (!(number >= 0 && number <= std::numeric_limits<Value>::max())) return false;
  }
  value = static_cast<Value>(number);
  return true;
}

/// False if the checksum is wrong, or a number that no run writes.
bool decode(std::vector<uint8_t>& record, const JournalKey& key, FrameResult& result) {
  uint64_t stored = 0;
  std::memcpy(&stored, record.data() + record.size() - sizeof(stored), sizeof(stored));
  if (stored != checksum({record.data(), record.size() - sizeof(stored)})) return false;
  result.consensus.resize(key.num_bodyparts);
  result.members.resize(size_t{key.num_bodyparts} * key.num_members);
  Cursor cursor(record.data());
  cursor.take(result.frame_index);
  cursor.take(result.time_seconds);
  bool is_sound = true;
  for (ConsensusKeypoint& keypoint : result.consensus) {
    visit_consensus(keypoint,
                    [&](auto& value) { is_sound = take_number(cursor, value) && is_sound; });
  }
  for (Keypoint& keypoint : result.members) {
    cursor.take(keypoint.x), cursor.take(keypoint.y), cursor.take(keypoint.likelihood);
  }
  return is_sound;
}

/// Length, bytes and checksum of a frame's evidence.
std::vector<uint8_t> evidence_record(std::span<const uint8_t> evidence) {
  std::vector<uint8_t> record(sizeof(uint32_t) + evidence.size() + sizeof(uint64_t));
  const auto length = static_cast<uint32_t>(evidence.size());
  std::memcpy(record.data(), &length, sizeof(length));
  std::copy(evidence.begin(), evidence.end(), record.begin() + sizeof(length));
  const uint64_t sum = checksum({record.data(), record.size() - sizeof(uint64_t)});
  std::memcpy(record.data() + record.size() - sizeof(sum), &sum, sizeof(sum));
  return record;
}

/// The end of a complete journal: mark, length, text, checksum of all three.
std::string end_of(const JournalFacts& facts) {
  const std::string text = to_text(facts);
  std::string end(kEnd, kEndSize);
  const auto length = static_cast<uint32_t>(text.size());
  end.append(reinterpret_cast<const char*>(&length), sizeof(length));
  end += text;
  const uint64_t sum = checksum({reinterpret_cast<const uint8_t*>(end.data()), end.size()});
  return end.append(reinterpret_cast<const char*>(&sum), sizeof(sum));
}

/// The facts in `end`, which holds the rest of a file; nullopt if it is no sound end.
std::optional<JournalFacts> facts_of(const std::string& end) {
  constexpr size_t kTextAt = kEndSize + sizeof(uint32_t);
  if (end.size() < kTextAt + sizeof(uint64_t) || !end.starts_with(kEnd)) return std::nullopt;
  uint32_t length = 0;
  std::memcpy(&length, end.data() + kEndSize, sizeof(length));
  const size_t whole = kTextAt + length + sizeof(uint64_t);
  const bool is_sealed =
      end.size() == whole + kSealSize && end.compare(whole, sizeof(kSeal) - 1, kSeal) == 0;
  if (end.size() != whole && !is_sealed) return std::nullopt;
  uint64_t stored = 0;
  std::memcpy(&stored, end.data() + kTextAt + length, sizeof(stored));
  if (stored != checksum({reinterpret_cast<const uint8_t*>(end.data()), kTextAt + length}))
    return std::nullopt;
  return journal_facts_from(std::string_view(end).substr(kTextAt, length));
}

}  // namespace

std::optional<JournalKey> read_journal_key(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr)
    throw Error(ErrorKind::not_found, fmt::format("{}: cannot be opened", path.string()));
  std::string header(kHeaderSize, '\0');
  const bool whole = std::fread(header.data(), 1, header.size(), file) == header.size();
  std::fclose(file);
  const bool has_evidence = header.starts_with(kEvidenceMagic);
  if (!whole || !(has_evidence || header.starts_with(kMagic))) return std::nullopt;
  JournalKey key{.fingerprint = header.substr(kMagicSize, kFingerprintSize),
                 .evidence = has_evidence};
  const char* counts = header.data() + kMagicSize + kFingerprintSize;
  std::memcpy(&key.num_members, counts, sizeof(uint32_t));
  std::memcpy(&key.num_bodyparts, counts + sizeof(uint32_t), sizeof(uint32_t));
  // A reader holds one record in memory.
  const auto numbers = kConsensusDoubles + kMemberDoubles * uint64_t{key.num_members};
  if (key.num_bodyparts > 0 && numbers > kMostNumbers / key.num_bodyparts) return std::nullopt;
  return key;
}

size_t journal_bytes_per_frame(const JournalKey& key) {
  // About two places a bodypart are usual (evidence_bytes()).
  const size_t evidence =
      44 + size_t{key.num_bodyparts} * (4 + 3 * (14 + 8 + 6 * size_t{key.num_members}));
  return record_size(key) + (key.evidence ? evidence : 0);
}

void seal_journal(const std::filesystem::path& path) {
  const std::string seal = kSeal + sha256_of_file(path);
  std::FILE* file = std::fopen(path.c_str(), "ab");
  if (file == nullptr) fail(path, "be sealed");
  const bool written = std::fwrite(seal.data(), 1, seal.size(), file) == seal.size() &&
                       std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
  if (std::fclose(file) != 0 || !written) fail(path, "be sealed");
}

bool is_sealed_journal(const std::filesystem::path& path, const JournalKey& key, SealCheck check) {
  std::FILE* opened = std::fopen(path.c_str(), "rb");
  if (opened == nullptr) return false;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(opened, &std::fclose);
  const std::string expected = header_of(key);
  std::string text(kHeaderSize, '\0');
  if (std::fread(text.data(), 1, text.size(), opened) != text.size() || text != expected ||
      std::fseek(opened, 0, SEEK_END) != 0) {
    return false;
  }
  const auto num_bytes = static_cast<uint64_t>(std::ftell(opened));
  if (num_bytes < kHeaderSize + kSealSize) return false;
  text.assign(kSealSize, '\0');
  const uint64_t seal_at = num_bytes - kSealSize;
  if (std::fseek(opened, static_cast<long>(seal_at), SEEK_SET) != 0 ||
      std::fread(text.data(), 1, text.size(), opened) != text.size() || !text.starts_with(kSeal)) {
    return false;
  }
  if (check == SealCheck::ends) return true;
  std::rewind(opened);
  Sha256 hash;
  std::vector<uint8_t> block(size_t{1} << 20);
  for (uint64_t left = seal_at; left > 0;) {
    const size_t got = std::fread(block.data(), 1, std::min<uint64_t>(left, block.size()), opened);
    if (got == 0) return false;
    hash.update({block.data(), got});
    left -= got;
  }
  return text.substr(sizeof(kSeal) - 1) == hash.finish();
}

JournalState look_at_journal(const std::filesystem::path& path, const JournalKey& key) {
  JournalState state;
  std::error_code missing;
  if (!std::filesystem::exists(path, missing) || std::filesystem::file_size(path, missing) == 0)
    return state;
  if (read_journal_key(path) != key) {
    state.is_other_run = true;
    return state;
  }
  JournalReader reader(path, key);
  for (FrameResult result; reader.read(result);) ++state.num_frames;
  state.facts = reader.facts();
  return state;
}

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
      with_system_errors([&] { std::filesystem::resize_file(path_, reader.sound_bytes()); });
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
  if (!key_.evidence) return;
  const std::vector<uint8_t> evidence = evidence_record(result.evidence);
  if (std::fwrite(evidence.data(), 1, evidence.size(), file_.get()) != evidence.size())
    fail(path_, "be written");
}

void JournalWriter::flush() {
  if (std::fflush(file_.get()) != 0) fail(path_, "be written");
}

void JournalWriter::finish(const JournalFacts& facts) {
  const std::string end = end_of(facts);
  if (std::fwrite(end.data(), 1, end.size(), file_.get()) != end.size()) fail(path_, "be written");
  flush();
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
  sound_bytes_ = kHeaderSize;
}

bool JournalReader::read_evidence(FrameResult& result) {
  result.evidence.clear();
  if (!key_.evidence) return true;
  uint32_t length = 0;
  if (std::fread(&length, 1, sizeof(length), file_.get()) != sizeof(length)) return false;
  if (length > kMostEvidence) return false;
  result.evidence.resize(length);
  uint64_t stored = 0;
  if (std::fread(result.evidence.data(), 1, length, file_.get()) != length ||
      std::fread(&stored, 1, sizeof(stored), file_.get()) != sizeof(stored)) {
    return false;
  }
  std::vector<uint8_t> record = evidence_record(result.evidence);
  uint64_t sum = 0;
  std::memcpy(&sum, record.data() + record.size() - sizeof(sum), sizeof(sum));
  return sum == stored;
}

bool JournalReader::read(FrameResult& result) {
  const size_t got = std::fread(record_.data(), 1, record_.size(), file_.get());
  if (got == record_.size() && decode(record_, key_, result) && read_evidence(result)) {
    sound_bytes_ += record_.size();
    if (key_.evidence) sound_bytes_ += sizeof(uint32_t) + result.evidence.size() + sizeof(uint64_t);
    return true;
  }
  std::string rest(kMostEnd, '\0');
  if (std::fseek(file_.get(), static_cast<long>(sound_bytes_), SEEK_SET) != 0) return false;
  rest.resize(std::fread(rest.data(), 1, rest.size(), file_.get()));
  facts_ = facts_of(rest);
  return false;
}

}  // namespace posse
