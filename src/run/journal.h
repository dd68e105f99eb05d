/// The results of a run so far, on disk: what a killed run goes on from, and what the final files
/// are made of.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ensemble/frame_result.h"

namespace posse {

/// What must be equal for a journal to be continued.
struct JournalKey {
  std::string fingerprint;  ///< 64 hexadecimal digits over everything that decides the numbers
                            ///< (inputs, options)
  uint32_t num_members = 0;
  uint32_t num_bodyparts = 0;
  bool operator==(const JournalKey&) const = default;
};

/// Held by the process that works with a journal, from before it is opened until it is removed.
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

/// Append-only file of fixed-size records, one per frame, each with a checksum. A record that was
/// cut short by a kill is found by its checksum and dropped, with everything after it.
class JournalWriter {
 public:
  /// Continues `path` if it is a journal of the same key, else starts it anew. @throws Error(io)
  JournalWriter(std::filesystem::path path, JournalKey key);

  /// Number of sound records found when opening: frames that need not be computed again.
  int64_t num_resumed() const { return num_resumed_; }
  /// frame_index of the last of them.
  std::optional<int64_t> last_frame_index() const { return last_frame_index_; }

  void append(const FrameResult& result);
  /// Hands everything to the operating system, so that it survives a kill. @throws Error(io), as
  /// when the disk is full.
  void flush();

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

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  JournalKey key_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<uint8_t> record_;
};

}  // namespace posse
