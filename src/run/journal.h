/// The journal of a run: its frames on disk as they were computed. A killed run goes on from it,
/// and all result files are made of it, now or later. A shard of a job array is a journal too.
///
/// Layout: the magic "posse journal 1\n", the key (64 hexadecimal digits; members and bodyparts as
/// uint32), then a record per frame: frame number (int64), time (double), nine doubles per
/// bodypart of the consensus (x, y, likelihood, covariance xx, xy, yy, standard deviations x, y,
/// members), three per member and bodypart (x, y, likelihood), a checksum (uint64). A complete
/// journal ends in "posse end", the length (uint32) and text of its facts, and a checksum; a sealed
/// one in a digest behind that (seal_journal).
/// Little-endian. A journal that also keeps evidence for tracking begins with "posse journal 2\n"
/// instead, and each record is followed by the length (uint32) and bytes of the frame's evidence
/// (consensus/track/evidence_bytes.h) and a checksum of both (uint64). Journals of earlier versions
/// have no end: they are continued where they stop.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ensemble/frame_result.h"
#include "run/journal_facts.h"

namespace posse {

/// What must be equal for a journal to be continued.
struct JournalKey {
  /// 64 hexadecimal digits over everything that decides the numbers (inputs, options).
  std::string fingerprint;
  uint32_t num_members = 0;
  uint32_t num_bodyparts = 0;
  /// True: the journal also keeps what tracking needs of the maps.
  bool evidence = false;
  bool operator==(const JournalKey&) const = default;
};

/// The key that the journal at `path` was written under; nullopt if it is no journal, or one of
/// more than ten million numbers in a frame.
/// @throws Error(not_found)
std::optional<JournalKey> read_journal_key(const std::filesystem::path& path);

/// Bytes that a frame takes; with evidence an estimate.
size_t journal_bytes_per_frame(const JournalKey& key);

/// Held by the process that works with a journal, from before it is opened until it is left alone.
class JournalLock {
 public:
  /// Makes an empty file if there is none. @throws Error(io) if another process holds it, or if the
  /// file cannot be made. File systems without locks are taken to have no other process.
  explicit JournalLock(const std::filesystem::path& path);
  ~JournalLock();
  JournalLock(const JournalLock&) = delete;
  JournalLock& operator=(const JournalLock&) = delete;

 private:
  int fd_ = -1;
};

/// Append-only file of records, one per frame, each with a checksum. A record that was
/// cut short by a kill is found by its checksum and dropped, with everything after it.
class JournalWriter {
 public:
  /// Continues `path` if it is a journal of the same key, complete or not, else starts it anew.
  /// @throws Error(io)
  JournalWriter(std::filesystem::path path, JournalKey key);

  /// Number of sound records found when opening: frames that need not be computed again.
  int64_t num_resumed() const { return num_resumed_; }
  /// frame_index of the last of them.
  std::optional<int64_t> last_frame_index() const { return last_frame_index_; }

  void append(const FrameResult& result);
  /// Hands everything to the operating system, so that it survives a kill. @throws Error(io), as
  /// when the disk is full.
  void flush();
  /// Ends the journal: it is complete. @throws Error(io)
  void finish(const JournalFacts& facts);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path path_;
  JournalKey key_;
  int64_t num_resumed_ = 0;
  std::optional<int64_t> last_frame_index_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<uint8_t> record_;
};

/// Reads a journal from the start, record by record.
class JournalReader {
 public:
  /// @throws Error(not_found), Error(bad_file) if it is no journal of this key.
  JournalReader(const std::filesystem::path& path, const JournalKey& key);
  /// False at the end, or at the first damaged record.
  bool read(FrameResult& result);
  /// Bytes of the header and of all sound records read so far.
  uint64_t sound_bytes() const { return sound_bytes_; }
  /// Once read() has returned false: what a complete journal ends with; nullopt if it is not
  /// complete.
  const std::optional<JournalFacts>& facts() const { return facts_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  bool read_evidence(FrameResult& result);

  JournalKey key_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<uint8_t> record_;
  uint64_t sound_bytes_ = 0;
  std::optional<JournalFacts> facts_;
};

/// Completes a complete journal with the digest of all of it: a piece of a run that other machines
/// read ("posse seal" and 64 hexadecimal digits of SHA-256). @throws Error(not_found, io)
void seal_journal(const std::filesystem::path& path);
/// How much of a sealed journal is looked at.
enum class SealCheck {
  ends,   ///< header and seal are there, whatever lies between
  whole,  ///< the digest too
};
/// True for a sealed journal of this key. @throws Error(io)
bool is_sealed_journal(const std::filesystem::path& path, const JournalKey& key, SealCheck check);

/// What a journal holds, found by reading it once.
struct JournalState {
  bool is_other_run = false;          ///< there is a journal, of another key or of something else
  int64_t num_frames = 0;             ///< sound records
  std::optional<JournalFacts> facts;  ///< of a complete journal
};
/// @throws Error(io)
JournalState look_at_journal(const std::filesystem::path& path, const JournalKey& key);

}  // namespace posse
